-- 0044_tick: a rule of a lifecycle model that fails for every customer is told with the model.
ALTER TABLE lifecycle_model
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN failure   text,
    ADD CONSTRAINT lifecycle_model_failure_check
        CHECK ((failed_at IS NULL) = (failure IS NULL));
