-- Who may write: tokens for programs, invitations that are used once, sessions. Of every secret only its SHA-256 is
-- kept (it is 256 random bits: nothing to guess). role: publisher, reviewer, admin; scopes: words between blanks.
CREATE TABLE token (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  academy TEXT NOT NULL DEFAULT '',
  scopes TEXT NOT NULL,
  made TEXT NOT NULL,
  made_by TEXT NOT NULL,
  expires TEXT NOT NULL,
  used TEXT NOT NULL DEFAULT '',
  revoked TEXT NOT NULL DEFAULT ''
);
CREATE TABLE invite (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  academy TEXT NOT NULL DEFAULT '',
  made TEXT NOT NULL,
  made_by TEXT NOT NULL,
  expires TEXT NOT NULL,
  session_days INTEGER NOT NULL,
  redeemed TEXT NOT NULL DEFAULT '',
  revoked TEXT NOT NULL DEFAULT ''
);
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  invite INTEGER NOT NULL REFERENCES invite (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  academy TEXT NOT NULL DEFAULT '',
  made TEXT NOT NULL,
  expires TEXT NOT NULL,
  used TEXT NOT NULL DEFAULT '',
  ended TEXT NOT NULL DEFAULT ''
);

-- What was written, or refused, by whom. credential: "token 3", "session 4", "command line", "" (nobody known).
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time TEXT NOT NULL,
  who TEXT NOT NULL,
  credential TEXT NOT NULL,
  role TEXT NOT NULL,
  academy TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_academy ON audit (academy, id);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

-- Lists that academies send in. state: checking, unreadable, previewed, publishing, published, refused, withdrawing,
-- withdrawn, dropped. body: the file as sent (compressed; empty once it is not needed); before: what the list held
-- until then, for taking it back; preview: JSON; basis: what the preview was made against.
CREATE TABLE upload (
  id INTEGER PRIMARY KEY,
  academy TEXT NOT NULL,
  feed TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  body BLOB NOT NULL,
  made TEXT NOT NULL,
  made_by TEXT NOT NULL,
  state TEXT NOT NULL,
  preview TEXT NOT NULL DEFAULT '',
  basis TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',
  run TEXT NOT NULL DEFAULT '',
  published TEXT NOT NULL DEFAULT '',
  withdrawn TEXT NOT NULL DEFAULT '',
  before BLOB NOT NULL DEFAULT x''
);
CREATE INDEX upload_feed ON upload (feed, id);

-- Work that somebody asked for through the web, done by the process beside it. state: waiting, running, done, failed.
CREATE TABLE task (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  academy TEXT NOT NULL,
  feed TEXT NOT NULL,
  upload INTEGER REFERENCES upload (id),
  options TEXT NOT NULL DEFAULT '{}',
  made TEXT NOT NULL,
  made_by TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  started TEXT NOT NULL DEFAULT '',
  ended TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX task_state ON task (state, id);
CREATE INDEX task_academy ON task (academy, id);
