-- disposition_list: the words for the end of a contact.
-- Returns  code, name_zh, name_en, flags, retired, updated_by, updated_at; by code
SELECT code, name_zh, name_en, flags, retired, updated_by, updated_at FROM disposition
 ORDER BY code;
