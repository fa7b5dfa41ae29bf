#!/bin/bash
# trait_layout.sh - values of fed traits as a row each, beside one jsonb a customer.
#
#   CUSTOMERS=200000 ROUNDS=3 sh tests/with_cluster.sh bash tests/bench/trait_layout.sh
#
# Fills both with the same eight values of each customer, in the order in which nothing lies
# together, and reads them by binary COPY in a book's order, in turns; then one trait of
# everybody changes. Prints times, sizes and their ratios (decision 0023).
set -euo pipefail
customers=${CUSTOMERS:-200000} rounds=${ROUNDS:-3}
db=${STW_TEST_CONNINFO:?}
export PGOPTIONS='-c work_mem=768MB -c max_parallel_workers_per_gather=0 -c jit=off'
sql() {
	psql -qAtX -v ON_ERROR_STOP=1 "$db" "$@"
}
sql <<SQL
CREATE TABLE bench_row (customer_id bigint NOT NULL, whole bigint, real double precision,
    at timestamptz, trait_id integer NOT NULL, day date, bucket smallint NOT NULL, text text,
    PRIMARY KEY (bucket, customer_id, trait_id));
INSERT INTO bench_row
SELECT c, CASE WHEN t < 4 THEN (random() * 1e6)::integer END,
       CASE WHEN t IN (4, 5) THEN random() END, NULL, t,
       CASE WHEN t = 6 THEN date '2026-01-01' + (random() * 900)::integer END, c % 256,
       CASE WHEN t = 7 THEN 's' || (random() * 9)::integer END
  FROM generate_series(1, $customers) AS c, generate_series(0, 7) AS t ORDER BY random();
CREATE TABLE bench_doc (bucket smallint, customer_id bigint, v jsonb,
    PRIMARY KEY (bucket, customer_id));
INSERT INTO bench_doc
SELECT bucket, customer_id, jsonb_object_agg('trait_' || trait_id,
           coalesce(to_jsonb(whole), to_jsonb(real), to_jsonb(day), to_jsonb(text)))
  FROM bench_row GROUP BY 1, 2 ORDER BY random();
VACUUM ANALYZE bench_row; VACUUM ANALYZE bench_doc;
SQL
row_copy='COPY (SELECT bucket, customer_id, trait_id, whole, real, text, day, at FROM bench_row
    ORDER BY bucket, customer_id) TO STDOUT (FORMAT binary)'
doc_copy='COPY (SELECT bucket, customer_id, v FROM bench_doc ORDER BY bucket, customer_id)
    TO STDOUT (FORMAT binary)'
took() { # STATEMENT: milliseconds
	local from to
	from=$(date +%s%N)
	sql -c "$1" >/dev/null
	to=$(date +%s%N)
	echo $(((to - from) / 1000000))
}
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}
echo "$customers customers with 8 values, load $(cut -d' ' -f1 /proc/loadavg) on $(nproc) cores"
rows=$(sql -c "SELECT pg_total_relation_size('bench_row')")
docs=$(sql -c "SELECT pg_total_relation_size('bench_doc')")
echo "bytes with the key: rows $rows, jsonb $docs, ratio $(ratio "$rows" "$docs")"
for round in $(seq "$rounds"); do
	rows=$(took "$row_copy")
	docs=$(took "$doc_copy")
	echo "read, round $round: rows $rows ms, jsonb $docs ms, ratio $(ratio "$rows" "$docs")"
done
rows=$(took 'UPDATE bench_row SET whole = whole + 1 WHERE trait_id = 0')
docs=$(took "UPDATE bench_doc SET v = v || jsonb_build_object('trait_0', 7)")
echo "one trait changed: rows $rows ms, jsonb $docs ms, ratio $(ratio "$rows" "$docs")"
