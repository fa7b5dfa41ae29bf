-- agent_language_add: languages of an agent.
-- Params   $1 agent_id, $2 languages
INSERT INTO agent_language (agent_id, lang)
SELECT DISTINCT $1::bigint, l FROM unnest($2::text[]) AS l;
