-- A SQLite database as schema 0001 left it, with one guild and one conversation.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0001');
CREATE TABLE guilds (
	guild_id BIGINT NOT NULL,
	language VARCHAR(16),
	identity VARCHAR(8),
	allowed_channels JSON NOT NULL,
	allowed_roles JSON NOT NULL,
	default_modules JSON NOT NULL,
	CONSTRAINT pk_guilds PRIMARY KEY (guild_id)
);
INSERT INTO guilds VALUES (900000000000000001, 'es-ES', 'CORP', '[5]', '[]', '{"GRACE": "SUMMARIZER"}');
CREATE TABLE messages (
	message_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	parent_id BIGINT,
	guild_id BIGINT,
	person_id BIGINT NOT NULL,
	author_id BIGINT NOT NULL,
	author_name VARCHAR(100) NOT NULL,
	role VARCHAR(16) NOT NULL,
	content TEXT NOT NULL,
	created_at_ms BIGINT NOT NULL,
	edited_at_ms BIGINT,
	CONSTRAINT pk_messages PRIMARY KEY (message_id)
);
CREATE INDEX ix_messages_guild_id ON messages (guild_id);
CREATE INDEX ix_messages_person_id ON messages (person_id);
CREATE INDEX ix_messages_author_id ON messages (author_id);
CREATE INDEX ix_messages_created_at_ms ON messages (created_at_ms);
CREATE INDEX ix_messages_conversation_id_message_id ON messages (conversation_id, message_id);
INSERT INTO messages VALUES (1, 1, NULL, 900000000000000001, 7, 7, 'Ada', 'user', 'hello', 5, NULL);
INSERT INTO messages VALUES (2, 1, 1, 900000000000000001, 7, 99, 'Alfred', 'assistant', 'hello, Ada', 6, NULL);
CREATE TABLE message_parts (
	part_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	CONSTRAINT pk_message_parts PRIMARY KEY (part_id),
	CONSTRAINT fk_message_parts_message_id FOREIGN KEY(message_id) REFERENCES messages (message_id) ON DELETE CASCADE
);
CREATE INDEX ix_message_parts_message_id ON message_parts (message_id);
INSERT INTO message_parts VALUES (3, 2);
