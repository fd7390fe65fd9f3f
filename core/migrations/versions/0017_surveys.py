"""Survey campaigns, who was asked, samples and interviews, and answers as figures."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE survey_setting (
      tenant_id uuid NOT NULL,
      interview_form_id text,
      after_form_id text,
      after_resolution boolean NOT NULL,
      unhappy text NOT NULL CONSTRAINT survey_setting_unhappy_check CHECK (unhappy IN ('alert', 'reopen')),
      sample_percent bigint NOT NULL CONSTRAINT survey_setting_sample_percent_check
        CHECK (sample_percent BETWEEN 0 AND 100),
      fatigue_days bigint NOT NULL CONSTRAINT survey_setting_fatigue_days_check CHECK (fatigue_days BETWEEN 0 AND 365),
      skip_complainants boolean NOT NULL,
      max_attempts bigint NOT NULL CONSTRAINT survey_setting_max_attempts_check CHECK (max_attempts BETWEEN 1 AND 10),
      remind_days bigint NOT NULL CONSTRAINT survey_setting_remind_days_check CHECK (remind_days BETWEEN 0 AND 60),
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id),
      CONSTRAINT survey_setting_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('survey_setting')",
    """
    CREATE TABLE survey_script (
      tenant_id uuid NOT NULL,
      locale text NOT NULL CONSTRAINT survey_script_locale_check CHECK (locale IN ('zh_CN', 'en')),
      consent text NOT NULL,
      opening text NOT NULL,
      questions text NOT NULL,
      closing text NOT NULL,
      changed_by_name text NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, locale),
      CONSTRAINT survey_script_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('survey_script')",
    """
    CREATE TABLE survey_campaign (
      tenant_id uuid NOT NULL,
      campaign_id uuid NOT NULL,
      title text NOT NULL CONSTRAINT survey_campaign_title_check CHECK (length(title) BETWEEN 1 AND 120),
      form_id text NOT NULL,
      channel text NOT NULL CONSTRAINT survey_campaign_channel_check
        CHECK (channel IN ('wechat', 'link', 'qr', 'email')),
      audience text NOT NULL CONSTRAINT survey_campaign_audience_check CHECK (audience IN ('all', 'branch', 'segment')),
      branch_id uuid,
      segment_id text,
      first_day date NOT NULL,
      last_day date NOT NULL,
      state text NOT NULL CONSTRAINT survey_campaign_state_check
        CHECK (state IN ('proposed', 'planned', 'open', 'closed', 'dropped')),
      previous_id uuid,
      group_link_id uuid,
      audience_size bigint NOT NULL,
      reached_row uuid,
      handled bigint NOT NULL,
      asked bigint NOT NULL,
      left_out jsonb NOT NULL,
      filled_at timestamptz,
      sent_at timestamptz,
      reminded_at timestamptz,
      opened_at timestamptz,
      closed_at timestamptz,
      created_by uuid,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, campaign_id),
      CONSTRAINT survey_campaign_tenant_id_previous_id_key UNIQUE (tenant_id, previous_id),
      CONSTRAINT survey_campaign_days_check CHECK (first_day <= last_day),
      CONSTRAINT survey_campaign_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
      CONSTRAINT survey_campaign_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT survey_campaign_tenant_id_previous_id_fkey FOREIGN KEY (tenant_id, previous_id)
        REFERENCES survey_campaign (tenant_id, campaign_id),
      CONSTRAINT survey_campaign_tenant_id_group_link_id_fkey FOREIGN KEY (tenant_id, group_link_id)
        REFERENCES form_link (tenant_id, link_id)
    )
    """,
    "SELECT app.protect('survey_campaign')",
    "CREATE INDEX survey_campaign_tenant_id_state_last_day_idx ON survey_campaign (tenant_id, state, last_day)",
    "CREATE INDEX survey_campaign_tenant_id_group_link_id_idx ON survey_campaign (tenant_id, group_link_id)",
    """
    CREATE TABLE survey_ask (
      tenant_id uuid NOT NULL,
      ask_id uuid NOT NULL,
      source text NOT NULL CONSTRAINT survey_ask_source_check CHECK (source IN ('campaign', 'interview', 'complaint')),
      campaign_id uuid,
      complaint_id uuid,
      customer_id uuid,
      link_id uuid,
      branch_id uuid,
      asked_at timestamptz NOT NULL,
      delivered_at timestamptz,
      reminded_at timestamptz,
      answered_at timestamptz,
      PRIMARY KEY (tenant_id, ask_id),
      CONSTRAINT survey_ask_tenant_id_link_id_key UNIQUE (tenant_id, link_id),
      CONSTRAINT survey_ask_tenant_id_campaign_id_fkey FOREIGN KEY (tenant_id, campaign_id)
        REFERENCES survey_campaign (tenant_id, campaign_id),
      CONSTRAINT survey_ask_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT survey_ask_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT survey_ask_tenant_id_link_id_fkey FOREIGN KEY (tenant_id, link_id)
        REFERENCES form_link (tenant_id, link_id),
      CONSTRAINT survey_ask_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id)
    )
    """,
    "SELECT app.protect('survey_ask')",
    "CREATE INDEX survey_ask_tenant_id_campaign_id_ask_id_idx ON survey_ask (tenant_id, campaign_id, ask_id)",
    "CREATE INDEX survey_ask_tenant_id_customer_id_asked_at_idx ON survey_ask (tenant_id, customer_id, asked_at)",
    "CREATE INDEX survey_ask_tenant_id_complaint_id_idx ON survey_ask (tenant_id, complaint_id)",
    "CREATE INDEX survey_ask_tenant_id_asked_at_idx ON survey_ask (tenant_id, asked_at)",
    """
    CREATE TABLE survey_sample (
      tenant_id uuid NOT NULL,
      month date NOT NULL,
      percent bigint NOT NULL,
      eligible bigint NOT NULL,
      drawn bigint NOT NULL,
      cycle bigint NOT NULL,
      left_out jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, month),
      CONSTRAINT survey_sample_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
    )
    """,
    "SELECT app.protect('survey_sample')",
    """
    CREATE TABLE survey_cycle (
      tenant_id uuid NOT NULL,
      customer_id uuid NOT NULL,
      cycle bigint NOT NULL,
      month date NOT NULL,
      PRIMARY KEY (tenant_id, customer_id),
      CONSTRAINT survey_cycle_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id) ON DELETE CASCADE
    )
    """,
    "SELECT app.protect('survey_cycle')",
    """
    CREATE TABLE survey_interview (
      tenant_id uuid NOT NULL,
      interview_id uuid NOT NULL,
      reason text NOT NULL CONSTRAINT survey_interview_reason_check CHECK (reason IN ('sample', 'call_back')),
      customer_id uuid NOT NULL,
      ask_id uuid,
      month date,
      position bigint NOT NULL,
      about_id uuid,
      state text NOT NULL CONSTRAINT survey_interview_state_check
        CHECK (state IN ('waiting', 'done', 'refused', 'wrong_number', 'unreached', 'expired')),
      due_at timestamptz NOT NULL,
      next_at timestamptz,
      attempts bigint NOT NULL,
      claimed_by uuid,
      claimed_by_name text NOT NULL,
      lease_until timestamptz,
      submission_id uuid,
      note text NOT NULL CONSTRAINT survey_interview_note_check CHECK (length(note) <= 1000),
      finished_at timestamptz,
      created_by_name text NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, interview_id),
      CONSTRAINT survey_interview_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT survey_interview_tenant_id_ask_id_fkey FOREIGN KEY (tenant_id, ask_id)
        REFERENCES survey_ask (tenant_id, ask_id),
      CONSTRAINT survey_interview_tenant_id_about_id_fkey FOREIGN KEY (tenant_id, about_id)
        REFERENCES submission (tenant_id, submission_id),
      CONSTRAINT survey_interview_tenant_id_submission_id_fkey FOREIGN KEY (tenant_id, submission_id)
        REFERENCES submission (tenant_id, submission_id),
      CONSTRAINT survey_interview_tenant_id_claimed_by_fkey FOREIGN KEY (tenant_id, claimed_by)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('survey_interview')",
    """
    CREATE INDEX survey_interview_queue_idx ON survey_interview (tenant_id, due_at, position)
      WHERE state = 'waiting'
    """,
    "CREATE INDEX survey_interview_tenant_id_customer_id_idx ON survey_interview (tenant_id, customer_id)",
    "CREATE INDEX survey_interview_tenant_id_month_interview_id_idx ON survey_interview (tenant_id, month, interview_id)",
    "CREATE INDEX survey_interview_tenant_id_ask_id_idx ON survey_interview (tenant_id, ask_id)",
    "CREATE INDEX survey_interview_tenant_id_about_id_idx ON survey_interview (tenant_id, about_id)",
    """
    CREATE TABLE survey_attempt (
      tenant_id uuid NOT NULL,
      interview_id uuid NOT NULL,
      number bigint NOT NULL,
      outcome text NOT NULL CONSTRAINT survey_attempt_outcome_check
        CHECK (outcome IN ('reached', 'no_answer', 'call_later', 'refused', 'wrong_number')),
      call_at timestamptz,
      staff_id uuid,
      staff_name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, interview_id, number),
      CONSTRAINT survey_attempt_tenant_id_interview_id_fkey FOREIGN KEY (tenant_id, interview_id)
        REFERENCES survey_interview (tenant_id, interview_id)
    )
    """,
    "SELECT app.protect('survey_attempt', append_only => true)",
    """
    CREATE TABLE survey_answer (
      tenant_id uuid NOT NULL,
      submission_id uuid NOT NULL,
      form_id text NOT NULL,
      source text NOT NULL CONSTRAINT survey_answer_source_check
        CHECK (source IN ('campaign', 'interview', 'complaint', 'other')),
      campaign_id uuid,
      complaint_id uuid,
      customer_id uuid,
      branch_id uuid,
      clinician_id uuid,
      species text,
      answered_on date NOT NULL,
      answered_at timestamptz NOT NULL,
      nps bigint CONSTRAINT survey_answer_nps_check CHECK (nps BETWEEN 0 AND 10),
      csat bigint CONSTRAINT survey_answer_csat_check CHECK (csat BETWEEN 1 AND 5),
      ces bigint CONSTRAINT survey_answer_ces_check CHECK (ces BETWEEN 1 AND 7),
      comment_key text,
      PRIMARY KEY (tenant_id, submission_id),
      CONSTRAINT survey_answer_tenant_id_submission_id_fkey FOREIGN KEY (tenant_id, submission_id)
        REFERENCES submission (tenant_id, submission_id) ON DELETE CASCADE,
      CONSTRAINT survey_answer_tenant_id_campaign_id_fkey FOREIGN KEY (tenant_id, campaign_id)
        REFERENCES survey_campaign (tenant_id, campaign_id),
      CONSTRAINT survey_answer_tenant_id_complaint_id_fkey FOREIGN KEY (tenant_id, complaint_id)
        REFERENCES complaint (tenant_id, complaint_id),
      CONSTRAINT survey_answer_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customer (tenant_id, customer_id),
      CONSTRAINT survey_answer_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id)
        REFERENCES branch (tenant_id, branch_id),
      CONSTRAINT survey_answer_tenant_id_clinician_id_fkey FOREIGN KEY (tenant_id, clinician_id)
        REFERENCES staff (tenant_id, staff_id)
    )
    """,
    "SELECT app.protect('survey_answer')",
    "CREATE INDEX survey_answer_tenant_id_answered_on_submission_id_idx ON survey_answer (tenant_id, answered_on, submission_id)",
    "CREATE INDEX survey_answer_newest_idx ON survey_answer (tenant_id, answered_at, submission_id)",
    "CREATE INDEX survey_answer_tenant_id_campaign_id_idx ON survey_answer (tenant_id, campaign_id)",
    "CREATE INDEX survey_answer_tenant_id_complaint_id_idx ON survey_answer (tenant_id, complaint_id)",
    "CREATE INDEX survey_answer_tenant_id_customer_id_idx ON survey_answer (tenant_id, customer_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
