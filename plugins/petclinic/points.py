"""Points for a clinic that wants them: the documents name none, so nothing here is live until the clinic says so."""

from plugins.api import EarnRate, Lifetime, Redeem, both

SOURCE = "现成模板，文件未提积分 (ready-made; the documents name no points)"


def points() -> tuple[EarnRate | Redeem, ...]:
    """1 point per yuan, 100 points pay 1 yuan, 12 months; own design, switched off."""
    return (
        EarnRate(
            id="points",
            label=both("消费积分", "Points for spending"),
            source=SOURCE,
            live=False,
            per_fen=1_00,
            points=1,
            lifetime=Lifetime(months=12),
        ),
        Redeem(
            id="points_pay",
            label=both("积分抵扣", "Paying with points"),
            source=SOURCE,
            live=False,
            fen_per_point=1,
            step=100,
        ),
    )
