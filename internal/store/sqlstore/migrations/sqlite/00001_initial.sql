-- Times are microseconds since 1970 in UTC. A column x_fold holds x in lower
-- case, for lookups and orders without case. Identifiers are never used twice.

-- +goose Up

create table users (
	id                   integer primary key autoincrement,
	created              integer not null,
	username             text not null,
	name                 text not null,
	email                text not null,
	password_hash        text not null,
	admin                integer not null,
	external             integer not null,
	alert                integer not null,
	pro                  integer not null,
	disabled             integer not null,
	must_change_password integer not null,
	username_fold        text not null,
	email_fold           text not null,
	name_fold            text not null
) strict;
create unique index users_username on users (username_fold);
create unique index users_email on users (email_fold);

create table sessions (
	id          integer primary key autoincrement,
	token_hash  text not null,
	user_id     integer not null references users (id),
	created     integer not null,
	last_active integer not null,
	ip          text not null,
	user_agent  text not null,
	expired     integer not null,
	pending     text not null,
	verified_at integer
) strict;
create unique index sessions_token on sessions (token_hash);
create index sessions_user on sessions (user_id);
create index sessions_last_active on sessions (last_active);
create index sessions_created on sessions (created);

create table tokens (
	id         integer primary key autoincrement,
	token_hash text not null,
	prefix     text not null,
	name       text not null,
	created    integer not null,
	expires_at integer,
	expired    integer not null,
	user_id    integer not null references users (id),
	scopes     text,
	projects    text,
	last_used  integer,
	name_fold  text not null
) strict;
create unique index tokens_token on tokens (token_hash);
create index tokens_user on tokens (user_id);

create table projects (
	id                 integer primary key autoincrement,
	name               text not null,
	created            integer not null,
	alert              integer not null,
	alert_chat         text not null,
	max_parallel_tasks integer not null,
	type               text not null,
	name_fold          text not null
) strict;
create index projects_name on projects (name_fold);

create table members (
	id         integer primary key autoincrement,
	project_id integer not null references projects (id),
	user_id    integer not null references users (id),
	role       text not null
) strict;
create unique index members_project on members (project_id, user_id);
create index members_user on members (user_id);

create table views (
	id           integer primary key autoincrement,
	project_id   integer not null references projects (id),
	title        text not null,
	position     integer not null,
	type         text not null,
	hidden       integer not null,
	sort_column  text,
	sort_reverse integer not null,
	filter       text,
	title_fold   text not null
) strict;
create index views_project on views (project_id, position);

create table variable_groups (
	id         integer primary key autoincrement,
	project_id integer not null references projects (id),
	name       text not null,
	json       text not null,
	env        text,
	password   text,
	name_fold  text not null
) strict;
create index variable_groups_project on variable_groups (project_id, name_fold);

create table keys (
	id                integer primary key autoincrement,
	project_id        integer not null references projects (id),
	name              text not null,
	type              text not null,
	owner             text not null,
	variable_group_id integer references variable_groups (id),
	ciphertext        text not null,
	name_fold         text not null
) strict;
create index keys_project on keys (project_id, owner, name_fold);
create index keys_variable_group on keys (variable_group_id) where variable_group_id is not null;

create table repositories (
	id         integer primary key autoincrement,
	project_id integer not null references projects (id),
	name       text not null,
	git_url    text not null,
	git_branch text not null,
	ssh_key_id integer not null references keys (id),
	git_depth  integer not null,
	git_lfs    integer not null,
	name_fold  text not null
) strict;
create index repositories_project on repositories (project_id, name_fold);
create index repositories_key on repositories (ssh_key_id);

create table host_configs (
	id         integer primary key autoincrement,
	project_id integer not null references projects (id),
	type       text not null,
	host       text not null,
	ssh_key_id integer not null references keys (id)
) strict;
create unique index host_configs_host on host_configs (project_id, type, host);
create index host_configs_key on host_configs (ssh_key_id);

create table inventories (
	id            integer primary key autoincrement,
	project_id    integer not null references projects (id),
	name          text not null,
	type          text not null,
	inventory     text not null,
	ssh_key_id    integer references keys (id),
	become_key_id integer references keys (id),
	template_id   integer references templates (id),
	repository_id integer references repositories (id),
	runner_tag    text,
	name_fold     text not null
) strict;
create index inventories_project on inventories (project_id, name_fold);
create index inventories_ssh_key on inventories (ssh_key_id) where ssh_key_id is not null;
create index inventories_become_key on inventories (become_key_id) where become_key_id is not null;
create index inventories_template on inventories (template_id) where template_id is not null;
create index inventories_repository on inventories (repository_id) where repository_id is not null;

create table templates (
	id                                 integer primary key autoincrement,
	project_id                         integer not null references projects (id),
	name                               text not null,
	app                                text not null,
	playbook                           text not null,
	repository_id                      integer not null references repositories (id),
	inventory_id                       integer references inventories (id),
	variable_group_id                  integer references variable_groups (id),
	view_id                            integer references views (id),
	description                        text,
	type                               text not null,
	start_version                      text,
	build_template_id                  integer references templates (id),
	autorun                            integer not null,
	arguments                          text,
	git_branch                         text,
	survey_vars                        text,
	task_params                        text,
	runner_tag                         text,
	suppress_success_alerts            integer not null,
	allow_override_args_in_task        integer not null,
	allow_override_branch_in_task      integer not null,
	allow_override_environment_in_task integer not null,
	allow_parallel_tasks               integer not null,
	max_duration_sec                   integer not null,
	task_count                         integer not null,
	name_fold                          text not null,
	playbook_fold                      text not null
) strict;
create index templates_project on templates (project_id, name_fold);
create index templates_repository on templates (repository_id);
create index templates_inventory on templates (inventory_id) where inventory_id is not null;
create index templates_variable_group on templates (variable_group_id) where variable_group_id is not null;
create index templates_view on templates (view_id) where view_id is not null;
create index templates_build on templates (build_template_id) where build_template_id is not null;

create table vaults (
	id          integer primary key autoincrement,
	project_id  integer not null references projects (id),
	template_id integer not null references templates (id),
	key_id      integer references keys (id),
	name        text,
	type        text not null,
	script      text
) strict;
create index vaults_project on vaults (project_id);
create index vaults_template on vaults (template_id);
create index vaults_key on vaults (key_id) where key_id is not null;

create table roles (
	id          integer primary key autoincrement,
	project_id  integer references projects (id),
	slug        text not null,
	name        text not null,
	permissions integer not null,
	name_fold   text not null
) strict;
create unique index roles_slug on roles (slug);
create index roles_project on roles (project_id) where project_id is not null;

create table template_roles (
	id          integer primary key autoincrement,
	project_id  integer not null references projects (id),
	template_id integer not null references templates (id),
	role_slug   text not null,
	permissions integer not null
) strict;
create unique index template_roles_role on template_roles (template_id, role_slug);
create index template_roles_project on template_roles (project_id);

create table invites (
	id              integer primary key autoincrement,
	project_id      integer not null references projects (id),
	user_id         integer references users (id),
	email           text,
	role            text not null,
	status          text not null,
	token_hash      text not null,
	inviter_user_id integer,
	created         integer not null,
	expires_at      integer,
	accepted_at     integer
) strict;
create unique index invites_token on invites (token_hash);
create index invites_project on invites (project_id);
create index invites_user on invites (user_id) where user_id is not null;

create table schedules (
	id               integer primary key autoincrement,
	project_id       integer not null references projects (id),
	template_id      integer not null references templates (id),
	name             text not null,
	type             text not null,
	cron_format      text not null,
	run_at           integer,
	active           integer not null,
	delete_after_run integer not null,
	repository_id    integer references repositories (id),
	last_commit_hash text,
	inventory_id     integer references inventories (id),
	task_params      text,
	name_fold        text not null
) strict;
create index schedules_project on schedules (project_id, name_fold);
create index schedules_template on schedules (template_id);
create index schedules_repository on schedules (repository_id) where repository_id is not null;
create index schedules_inventory on schedules (inventory_id) where inventory_id is not null;

create table integrations (
	id             integer primary key autoincrement,
	project_id     integer not null references projects (id),
	template_id    integer not null references templates (id),
	name           text not null,
	auth_method    text not null,
	auth_secret_id integer references keys (id),
	auth_header    text not null,
	searchable     integer not null,
	inventory_id   integer references inventories (id),
	task_params    text,
	name_fold      text not null
) strict;
create index integrations_project on integrations (project_id, name_fold);
create index integrations_template on integrations (template_id);
create index integrations_key on integrations (auth_secret_id) where auth_secret_id is not null;
create index integrations_inventory on integrations (inventory_id) where inventory_id is not null;

create table integration_matchers (
	id             integer primary key autoincrement,
	project_id     integer not null references projects (id),
	integration_id integer not null references integrations (id),
	name           text not null,
	match_type     text not null,
	method         text not null,
	body_data_type text not null,
	key            text not null,
	value          text not null
) strict;
create index integration_matchers_project on integration_matchers (project_id);
create index integration_matchers_integration on integration_matchers (integration_id);

create table integration_values (
	id             integer primary key autoincrement,
	project_id     integer not null references projects (id),
	integration_id integer not null references integrations (id),
	name           text not null,
	value_source   text not null,
	body_data_type text not null,
	key            text not null,
	variable       text not null,
	variable_type  text not null
) strict;
create index integration_values_project on integration_values (project_id);
create index integration_values_integration on integration_values (integration_id);

create table integration_aliases (
	id             integer primary key autoincrement,
	project_id     integer not null references projects (id),
	integration_id integer references integrations (id),
	alias          text not null
) strict;
create unique index integration_aliases_alias on integration_aliases (alias);
create index integration_aliases_project on integration_aliases (project_id);
create index integration_aliases_integration on integration_aliases (integration_id) where integration_id is not null;

create table runners (
	id                 integer primary key autoincrement,
	project_id         integer references projects (id),
	name               text not null,
	token_hash         text not null,
	registration_hash  text,
	webhook            text not null,
	max_parallel_tasks integer not null,
	active             integer not null,
	tags               text,
	is_default         integer not null,
	public_key         text not null,
	created            integer not null,
	touched            integer,
	cleaning_requested integer,
	name_fold          text not null
) strict;
create unique index runners_token on runners (token_hash);
create index runners_registration on runners (registration_hash) where registration_hash is not null;
create index runners_project on runners (project_id) where project_id is not null;

create table totps (
	id        integer primary key autoincrement,
	user_id   integer not null references users (id),
	created   integer not null,
	secret    text not null,
	confirmed integer not null,
	last_step integer not null
) strict;
create unique index totps_user on totps (user_id);

create table recovery_codes (
	id      integer primary key autoincrement,
	user_id integer not null references users (id),
	hash    text not null
) strict;
create index recovery_codes_user on recovery_codes (user_id);

create table mail_codes (
	id         integer primary key autoincrement,
	purpose    text not null,
	user_id    integer references users (id),
	email      text not null,
	token_hash text not null,
	code_hash  text not null,
	tries      integer not null,
	created    integer not null,
	sent       integer not null
) strict;
create unique index mail_codes_token on mail_codes (token_hash);
create index mail_codes_user on mail_codes (user_id) where user_id is not null;
create index mail_codes_sent on mail_codes (sent);

-- Whom and what an event is about may be gone: no foreign keys.
create table events (
	id          integer primary key autoincrement,
	project_id  integer,
	user_id     integer,
	object_type text not null,
	object_id   integer,
	description text not null,
	address     text not null,
	created     integer not null,
	action      text not null,
	outcome     text not null,
	username    text not null,
	user_agent  text not null,
	token_prefix text not null,
	target      text not null,
	integration_id integer,
	changes     text
) strict;
create index events_project on events (project_id, id);
create index events_user on events (user_id, id);

create table options (
	key   text primary key,
	value text not null
) strict, without rowid;

-- The row of project 0 counts what all projects share. That of -p grows
-- when tasks of project p are deleted.
create table revisions (
	project_id integer primary key,
	value      integer not null
) strict;

-- History outlives users, inventories and builds: those have no foreign keys.
create table tasks (
	id             integer primary key autoincrement,
	project_id     integer not null references projects (id),
	template_id    integer not null references templates (id),
	status         text not null,
	playbook       text not null,
	environment    text not null,
	arguments      text,
	git_branch     text,
	user_id        integer,
	integration_id integer,
	schedule_id    integer,
	created        integer not null,
	start          integer,
	"end"          integer,
	message        text not null,
	commit_hash    text,
	commit_message text not null,
	build_task_id  integer,
	version        text,
	inventory_id   integer,
	params         text,
	status_reason  text not null,
	stopped_by     integer,
	force_stop     integer not null,
	questions      integer not null,
	decision       text not null,
	decided_by     integer,
	decided_at     integer,
	owner          text not null,
	epoch          integer not null,
	lease_until    integer,
	log_lines      integer not null,
	log_bytes      integer not null,
	journal_offset integer not null,
	log_digest     text not null,
	log_complete   integer not null,
	result_lines   integer not null,
	result_bytes   integer not null
) strict;
create index tasks_project on tasks (project_id, id);
create index tasks_template on tasks (template_id, id);
create index tasks_version on tasks (template_id, id) where version is not null;
-- The queue and what runs are small beside the history, so they have indexes of
-- their own. Queries must spell the conditions the same way.
create index tasks_waiting on tasks (id, project_id, template_id) where status = 'waiting';
create index tasks_waiting_template on tasks (template_id, id, project_id) where status = 'waiting';
create index tasks_active on tasks (owner, id)
	where status in ('starting', 'running', 'waiting_confirmation', 'confirmed', 'rejected', 'stopping');
create index tasks_ended on tasks (project_id, status, id)
	where status in ('stopped', 'success', 'error');

create table task_definitions (
	task_id    integer primary key references tasks (id),
	definition text not null,
	secret     text not null
) strict;

create table chunks (
	id         integer primary key,
	task_id    integer not null references tasks (id),
	first_seq  integer not null,
	count      integer not null,
	first_time integer not null,
	last_time  integer not null,
	raw_bytes  integer not null,
	payload    blob not null
) strict;
create unique index chunks_task on chunks (task_id, first_seq);

-- What programs reported as data, numbered like the log but apart from it.
create table result_chunks (
	id         integer primary key,
	task_id    integer not null references tasks (id),
	first_seq  integer not null,
	count      integer not null,
	first_time integer not null,
	last_time  integer not null,
	raw_bytes  integer not null,
	payload    blob not null
) strict;
create unique index result_chunks_task on result_chunks (task_id, first_seq);

create table task_stages (
	task_id    integer not null references tasks (id),
	seq        integer not null,
	type       text not null,
	start      integer not null,
	"end"      integer,
	first_line integer not null,
	last_line  integer not null,
	result     text,
	primary key (task_id, seq)
) strict;

-- What is to be told about tasks, and what became of it.
create table notifications (
	id         integer primary key autoincrement,
	project_id integer not null references projects (id),
	task_id    integer not null references tasks (id),
	event      text not null,
	question   integer not null,
	channel    text not null,
	user_id    integer,
	state      text not null,
	attempts   integer not null,
	created    integer not null,
	last_at    integer,
	next_at    integer,
	error      text not null
) strict;
create index notifications_task on notifications (task_id);
create index notifications_project on notifications (project_id);
create index notifications_due on notifications (channel, next_at);
create index notifications_next on notifications (next_at);
create index notifications_created on notifications (created);

-- +goose Down

drop table notifications;
drop table task_stages;
drop table result_chunks;
drop table chunks;
drop table task_definitions;
drop table tasks;
drop table revisions;
drop table options;
drop table events;
drop table mail_codes;
drop table recovery_codes;
drop table totps;
drop table runners;
drop table integration_aliases;
drop table integration_values;
drop table integration_matchers;
drop table integrations;
drop table schedules;
drop table invites;
drop table template_roles;
drop table roles;
drop table vaults;
update inventories set template_id = null;
drop table templates;
drop table inventories;
drop table host_configs;
drop table repositories;
drop table keys;
drop table variable_groups;
drop table views;
drop table members;
drop table projects;
drop table tokens;
drop table sessions;
drop table users;
