-- import_stage: the tables of this session that a batch is copied into (several
-- statements; run as a script, once a connection).
-- Params   none
CREATE TEMP TABLE IF NOT EXISTS stage_customer (line bigint, bucket smallint,
    customer_id bigint, wrapped bytea, ref text, name_sealed bytea, name_mask text,
    id_sealed bytea, gender text, dob date, lang text, country text, province text,
    city text, zone text, zone_verified boolean, branch text, manager text, tier text,
    opened_on date, closed_on date, risk_rating smallint, risk_assessed_on date,
    risk_valid boolean, deceased boolean, incapacity boolean, fraud_hold boolean,
    legal_hold boolean, complaint_open boolean, profiling_opt_out boolean, kind text,
    state text, means bigint, qualified_until date);
CREATE TEMP TABLE IF NOT EXISTS stage_contact_point (line bigint, bucket smallint,
    customer_id bigint, phone_sealed bytea, phone_index bytea, phone_mask text, kind text,
    region text, zones text[], verified boolean, is_primary boolean);
CREATE TEMP TABLE IF NOT EXISTS stage_product (line bigint, code text, name_zh text,
    name_en text, class text, risk smallint, on_sale_from date, on_sale_to date,
    regulator text, dual_recording boolean, qualified_only boolean, min_amount bigint);
CREATE TEMP TABLE IF NOT EXISTS stage_holding (line bigint, bucket smallint,
    customer_id bigint, holding_ref text, product text, kind text, amount bigint,
    opened_on date, maturity_on date, status text);
CREATE TEMP TABLE IF NOT EXISTS stage_txn (line bigint, bucket smallint,
    customer_id bigint, txn_ref text, at timestamptz, kind text, amount bigint,
    balance bigint);
CREATE TEMP TABLE IF NOT EXISTS stage_interaction (line bigint, bucket smallint,
    customer_id bigint, interaction_ref text, at timestamptz, kind text, channel text);
CREATE TEMP TABLE IF NOT EXISTS stage_consent (line bigint, bucket smallint,
    customer_id bigint, consent_id uuid, evidence_hash bytea, action text, purpose text,
    channel text, product_class text, recipient text, phone_index bytea, form text,
    notice_version text, evidence text, source text, effective_at timestamptz,
    expires_at timestamptz, subject text, separate_kind text, written boolean,
    guardian text, controller text, evidence_sha256 text);
CREATE TEMP TABLE IF NOT EXISTS stage_objection (line bigint, bucket smallint,
    customer_id bigint, objection_id uuid, kind text, channel text, phone_index bytea,
    source text, effective_at timestamptz, lifted_at timestamptz);
CREATE TEMP TABLE IF NOT EXISTS stage_attempt (line bigint, bucket smallint,
    customer_id bigint, count_id uuid, phone_index bytea, channel text, kind text,
    at timestamptz);
CREATE TEMP TABLE IF NOT EXISTS stage_household (line bigint, bucket smallint,
    customer_id bigint, household text, role text);
CREATE TEMP TABLE IF NOT EXISTS stage_joint_holder (line bigint, bucket smallint,
    customer_id bigint, holder_ref text, rating smallint);
CREATE TEMP TABLE IF NOT EXISTS stage_contact_time (line bigint, bucket smallint,
    customer_id bigint, weekdays smallint, from_min smallint, until_min smallint);
CREATE TEMP TABLE IF NOT EXISTS stage_trait (line bigint, bucket smallint,
    customer_id bigint, trait_id integer, whole bigint, real double precision, text text,
    day date, at timestamptz);
CREATE TEMP TABLE IF NOT EXISTS stage_seen (bucket smallint, customer_id bigint, key text,
    PRIMARY KEY (bucket, customer_id, key));
