-- pack_active: packs that are in force or will be.
-- Returns  pack, version, effective from, to or null
SELECT pack, version, effective_from, effective_to FROM pack_version
 ORDER BY pack, effective_from, version;
