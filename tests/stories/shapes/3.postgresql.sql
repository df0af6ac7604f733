CREATE TABLE administration (
  id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  head VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE backup (
  id BIGSERIAL NOT NULL,
  at VARCHAR NOT NULL,
  place VARCHAR NOT NULL,
  events INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  seal VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE calendar_feed (
  person_id BIGINT NOT NULL,
  token VARCHAR NOT NULL,
  created_at VARCHAR NOT NULL,
  PRIMARY KEY (person_id),
  UNIQUE (token)
);

CREATE TABLE calendar_year (
  year INTEGER NOT NULL,
  status VARCHAR NOT NULL,
  text TEXT NOT NULL,
  loaded_at VARCHAR NOT NULL,
  PRIMARY KEY (year)
);

CREATE TABLE command (
  id VARCHAR NOT NULL,
  actor_id BIGINT NOT NULL,
  digest VARCHAR NOT NULL,
  answer TEXT NOT NULL,
  at VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE definition (
  digest VARCHAR NOT NULL,
  type VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  title VARCHAR NOT NULL,
  text TEXT NOT NULL,
  published_at VARCHAR NOT NULL,
  PRIMARY KEY (digest)
);

CREATE UNIQUE INDEX definition_version ON definition (type, version);

CREATE TABLE delegation (
  id BIGSERIAL NOT NULL,
  from_id BIGINT NOT NULL,
  to_id BIGINT NOT NULL,
  starts_on VARCHAR NOT NULL,
  ends_on VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  ended BOOLEAN NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX ix_delegation_to_id ON delegation (to_id);

CREATE TABLE delivery (
  id BIGSERIAL NOT NULL,
  event_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  channel VARCHAR NOT NULL,
  mail_id BIGINT,
  skipped VARCHAR NOT NULL,
  at VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX delivery_mail ON delivery (mail_id);

CREATE UNIQUE INDEX delivery_once ON delivery (event_id, person_id, channel);

CREATE TABLE event (
  id BIGSERIAL NOT NULL,
  project_id BIGINT NOT NULL,
  seq INTEGER NOT NULL,
  at VARCHAR NOT NULL,
  actor_id BIGINT NOT NULL,
  data TEXT NOT NULL,
  hash VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX event_at ON event (at, id);

CREATE INDEX event_by ON event (actor_id, at, id);

CREATE UNIQUE INDEX event_chain ON event (project_id, seq);

CREATE TABLE examination (
  id BIGSERIAL NOT NULL,
  kind VARCHAR NOT NULL,
  subject BIGINT NOT NULL,
  by_id BIGINT NOT NULL,
  began_at VARCHAR NOT NULL,
  ended_at VARCHAR,
  outcome VARCHAR NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX examination_latest ON examination (kind, subject, id);

CREATE TABLE given_password (
  person_id BIGINT NOT NULL,
  PRIMARY KEY (person_id)
);

CREATE TABLE incident (
  id BIGSERIAL NOT NULL,
  project_id BIGINT NOT NULL,
  stage VARCHAR NOT NULL,
  code VARCHAR NOT NULL,
  text TEXT NOT NULL,
  at VARCHAR NOT NULL,
  resolved_at VARCHAR,
  resolved_by BIGINT NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX incident_open ON incident (id) WHERE resolved_at IS NULL;

CREATE TABLE known_browser (
  id VARCHAR NOT NULL,
  last_at VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE login_failure (
  key VARCHAR NOT NULL,
  failures INTEGER NOT NULL,
  last_at VARCHAR NOT NULL,
  until VARCHAR,
  PRIMARY KEY (key)
);

CREATE TABLE mail (
  id BIGSERIAL NOT NULL,
  person_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  name VARCHAR NOT NULL,
  address VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  message_id VARCHAR NOT NULL,
  created_at VARCHAR NOT NULL,
  queued_at VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  phase VARCHAR NOT NULL,
  attempts INTEGER NOT NULL,
  first_tried_at VARCHAR,
  next_at VARCHAR,
  lease_no INTEGER NOT NULL,
  data_may_start_at VARCHAR,
  sent_at VARCHAR,
  reply TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (message_id)
);

CREATE INDEX mail_due ON mail (id) WHERE next_at IS NOT NULL;

CREATE INDEX mail_failed ON mail (id) WHERE state IN ('failed', 'held');

CREATE INDEX mail_person ON mail (person_id, id);

CREATE INDEX mail_queued ON mail (queued_at, person_id);

CREATE INDEX mail_sent ON mail (sent_at);

CREATE TABLE notice (
  id BIGSERIAL NOT NULL,
  event_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  at VARCHAR NOT NULL,
  open BOOLEAN NOT NULL,
  PRIMARY KEY (id)
);

CREATE UNIQUE INDEX notice_once ON notice (event_id, person_id);

CREATE INDEX notice_open ON notice (id) WHERE open;

CREATE INDEX notice_person ON notice (person_id, id);

CREATE TABLE organisation (
  id BIGSERIAL NOT NULL,
  parent_id BIGINT,
  name VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  path VARCHAR NOT NULL,
  active BOOLEAN NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX ix_organisation_path ON organisation (path);

CREATE TABLE paper (
  project_id BIGINT NOT NULL,
  document VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  sha256 VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  size BIGINT NOT NULL,
  media VARCHAR NOT NULL,
  number VARCHAR NOT NULL,
  by_id BIGINT NOT NULL,
  at VARCHAR NOT NULL,
  next_at VARCHAR,
  PRIMARY KEY (project_id, document, version)
);

CREATE INDEX paper_due ON paper (next_at) WHERE next_at IS NOT NULL;

CREATE INDEX paper_file ON paper (sha256);

CREATE TABLE person (
  id BIGSERIAL NOT NULL,
  staff_number VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  email VARCHAR NOT NULL,
  password_hash VARCHAR NOT NULL,
  active BOOLEAN NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (staff_number)
);

CREATE TABLE phrases (
  person_id BIGINT NOT NULL,
  texts TEXT NOT NULL,
  PRIMARY KEY (person_id)
);

CREATE TABLE post (
  id BIGSERIAL NOT NULL,
  organisation_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  key VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX ix_post_person_id ON post (person_id);

CREATE UNIQUE INDEX post_holder ON post (organisation_id, key, person_id);

CREATE TABLE project (
  id BIGSERIAL NOT NULL,
  ref VARCHAR NOT NULL,
  seq INTEGER NOT NULL,
  head VARCHAR NOT NULL,
  digest VARCHAR NOT NULL,
  type VARCHAR NOT NULL,
  code VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  organisation_id BIGINT NOT NULL,
  clerk_id BIGINT NOT NULL,
  parent_id BIGINT NOT NULL,
  state VARCHAR NOT NULL,
  phase VARCHAR NOT NULL,
  own_warn_on VARCHAR,
  own_due_on VARCHAR,
  outside_warn_on VARCHAR,
  outside_due_on VARCHAR,
  valid_warn_on VARCHAR,
  valid_due_on VARCHAR,
  waits_for VARCHAR NOT NULL,
  updated_at VARCHAR NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (ref)
);

CREATE INDEX project_code ON project (code);

CREATE INDEX project_facets ON project (organisation_id, state, phase, type, clerk_id, own_warn_on, own_due_on, outside_warn_on, outside_due_on, valid_warn_on, valid_due_on, title, code);

CREATE INDEX project_list ON project (organisation_id, id);

CREATE INDEX project_parent ON project (parent_id);

CREATE INDEX project_version ON project (digest, organisation_id, state);

CREATE INDEX project_waiting ON project (waits_for) WHERE waits_for <> '';

CREATE TABLE saved_view (
  id BIGSERIAL NOT NULL,
  person_id BIGINT NOT NULL,
  name VARCHAR NOT NULL,
  filter VARCHAR NOT NULL,
  first BOOLEAN NOT NULL,
  at VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE UNIQUE INDEX saved_view_name ON saved_view (person_id, name);

CREATE TABLE schema_number (
  number INTEGER NOT NULL,
  PRIMARY KEY (number)
);

CREATE TABLE seal (
  id BIGSERIAL NOT NULL,
  at VARCHAR NOT NULL,
  upto BIGINT NOT NULL,
  chains INTEGER NOT NULL,
  root VARCHAR NOT NULL,
  hash VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE session (
  id VARCHAR NOT NULL,
  person_id BIGINT NOT NULL,
  credential VARCHAR NOT NULL,
  created_at VARCHAR NOT NULL,
  seen_at VARCHAR NOT NULL,
  address VARCHAR NOT NULL,
  browser VARCHAR NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX ix_session_person_id ON session (person_id);

CREATE TABLE stage (
  project_id BIGINT NOT NULL,
  key VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  turn INTEGER NOT NULL,
  since VARCHAR,
  warn_on VARCHAR,
  due_on VARCHAR,
  outside BOOLEAN NOT NULL,
  next_at VARCHAR,
  organisation_id BIGINT NOT NULL,
  PRIMARY KEY (project_id, key)
);

CREATE INDEX stage_clock ON stage (organisation_id, outside, due_on, project_id, key, warn_on) WHERE due_on IS NOT NULL;

CREATE INDEX stage_due ON stage (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE task (
  project_id BIGINT NOT NULL,
  stage VARCHAR NOT NULL,
  what VARCHAR NOT NULL,
  person_id BIGINT NOT NULL,
  since VARCHAR NOT NULL,
  due_on VARCHAR,
  organisation_id BIGINT NOT NULL,
  PRIMARY KEY (project_id, stage, what, person_id)
);

CREATE INDEX task_person ON task (person_id, due_on, project_id, organisation_id);

INSERT INTO schema_number (number) VALUES (3);
