-- clock_read: what the database's clock says.
SELECT clock_timestamp();
