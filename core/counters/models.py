"""The row behind display numbers."""

from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class Counter(TenantRow, Base):
    """The last display number given out, per tenant and kind; never a sequence shared between tenants."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
