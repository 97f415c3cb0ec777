-- Equal in meaning to the steps of SQLite. Times are microseconds since 1970 in
-- UTC; the database compares texts byte by byte. The server ends a transaction at
-- each statement here, so that all of them may be run again after an interruption.

-- +goose Up

-- Two tables refer to each other.
set foreign_key_checks = 0;

create table if not exists users (
	id                   bigint auto_increment primary key,
	created              bigint not null,
	username             longtext not null,
	name                 longtext not null,
	email                longtext not null,
	password_hash        longtext not null,
	admin                boolean not null,
	external             boolean not null,
	alert                boolean not null,
	pro                  boolean not null,
	disabled             boolean not null,
	must_change_password boolean not null,
	username_fold        varchar(765) not null,
	email_fold           varchar(765) not null,
	name_fold            longtext not null,
	unique index users_username (username_fold),
	unique index users_email (email_fold)
);

create table if not exists sessions (
	id          bigint auto_increment primary key,
	token_hash  varchar(255) not null,
	user_id     bigint not null,
	created     bigint not null,
	last_active bigint not null,
	ip          longtext not null,
	user_agent  longtext not null,
	expired     boolean not null,
	pending     longtext not null,
	verified_at bigint,
	unique index sessions_token (token_hash),
	index sessions_user (user_id),
	index sessions_last_active (last_active),
	index sessions_created (created),
	foreign key (user_id) references users (id)
);

create table if not exists tokens (
	id         bigint auto_increment primary key,
	token_hash varchar(255) not null,
	prefix     longtext not null,
	name       longtext not null,
	created    bigint not null,
	expires_at bigint,
	expired    boolean not null,
	user_id    bigint not null,
	scopes     longtext,
	projects    longtext,
	last_used  bigint,
	name_fold  longtext not null,
	unique index tokens_token (token_hash),
	index tokens_user (user_id),
	foreign key (user_id) references users (id)
);

create table if not exists projects (
	id                 bigint auto_increment primary key,
	name               longtext not null,
	created            bigint not null,
	alert              boolean not null,
	alert_chat         longtext not null,
	max_parallel_tasks bigint not null,
	type               longtext not null,
	name_fold          longtext not null,
	index projects_name (name_fold(191))
);

create table if not exists members (
	id         bigint auto_increment primary key,
	project_id bigint not null,
	user_id    bigint not null,
	role       longtext not null,
	unique index members_project (project_id, user_id),
	index members_user (user_id),
	foreign key (project_id) references projects (id),
	foreign key (user_id) references users (id)
);

create table if not exists views (
	id           bigint auto_increment primary key,
	project_id   bigint not null,
	title        longtext not null,
	position     bigint not null,
	type         longtext not null,
	hidden       boolean not null,
	sort_column  longtext,
	sort_reverse boolean not null,
	filter       longtext,
	title_fold   longtext not null,
	index views_project (project_id, position),
	foreign key (project_id) references projects (id)
);

create table if not exists variable_groups (
	id         bigint auto_increment primary key,
	project_id bigint not null,
	name       longtext not null,
	json       longtext not null,
	env        longtext,
	password   longtext,
	name_fold  longtext not null,
	index variable_groups_project (project_id, name_fold(191)),
	foreign key (project_id) references projects (id)
);

create table if not exists "keys" (
	id                bigint auto_increment primary key,
	project_id        bigint not null,
	name              longtext not null,
	type              longtext not null,
	owner             varchar(64) not null,
	variable_group_id bigint,
	ciphertext        longtext not null,
	name_fold         longtext not null,
	index keys_project (project_id, owner, name_fold(191)),
	index keys_variable_group (variable_group_id),
	foreign key (project_id) references projects (id),
	foreign key (variable_group_id) references variable_groups (id)
);

create table if not exists repositories (
	id         bigint auto_increment primary key,
	project_id bigint not null,
	name       longtext not null,
	git_url    longtext not null,
	git_branch longtext not null,
	ssh_key_id bigint not null,
	git_depth  bigint not null,
	git_lfs    boolean not null,
	name_fold  longtext not null,
	index repositories_project (project_id, name_fold(191)),
	index repositories_key (ssh_key_id),
	foreign key (project_id) references projects (id),
	foreign key (ssh_key_id) references "keys" (id)
);

create table if not exists host_configs (
	id         bigint auto_increment primary key,
	project_id bigint not null,
	type       varchar(20) not null,
	host       varchar(255) not null,
	ssh_key_id bigint not null,
	unique index host_configs_host (project_id, type, host),
	index host_configs_key (ssh_key_id),
	foreign key (project_id) references projects (id),
	foreign key (ssh_key_id) references "keys" (id)
);

create table if not exists inventories (
	id            bigint auto_increment primary key,
	project_id    bigint not null,
	name          longtext not null,
	type          longtext not null,
	inventory     longtext not null,
	ssh_key_id    bigint,
	become_key_id bigint,
	template_id   bigint,
	repository_id bigint,
	runner_tag    longtext,
	name_fold     longtext not null,
	index inventories_project (project_id, name_fold(191)),
	index inventories_ssh_key (ssh_key_id),
	index inventories_become_key (become_key_id),
	index inventories_template (template_id),
	index inventories_repository (repository_id),
	foreign key (project_id) references projects (id),
	foreign key (ssh_key_id) references "keys" (id),
	foreign key (become_key_id) references "keys" (id),
	foreign key (template_id) references templates (id),
	foreign key (repository_id) references repositories (id)
);

create table if not exists templates (
	id                                 bigint auto_increment primary key,
	project_id                         bigint not null,
	name                               longtext not null,
	app                                longtext not null,
	playbook                           longtext not null,
	repository_id                      bigint not null,
	inventory_id                       bigint,
	variable_group_id                  bigint,
	view_id                            bigint,
	description                        longtext,
	type                               longtext not null,
	start_version                      longtext,
	build_template_id                  bigint,
	autorun                            boolean not null,
	arguments                          longtext,
	git_branch                         longtext,
	survey_vars                        longtext,
	task_params                        longtext,
	runner_tag                         longtext,
	suppress_success_alerts            boolean not null,
	allow_override_args_in_task        boolean not null,
	allow_override_branch_in_task      boolean not null,
	allow_override_environment_in_task boolean not null,
	allow_parallel_tasks               boolean not null,
	max_duration_sec                   bigint not null,
	task_count                         bigint not null,
	name_fold                          longtext not null,
	playbook_fold                      longtext not null,
	index templates_project (project_id, name_fold(191)),
	index templates_repository (repository_id),
	index templates_inventory (inventory_id),
	index templates_variable_group (variable_group_id),
	index templates_view (view_id),
	index templates_build (build_template_id),
	foreign key (project_id) references projects (id),
	foreign key (repository_id) references repositories (id),
	foreign key (inventory_id) references inventories (id),
	foreign key (variable_group_id) references variable_groups (id),
	foreign key (view_id) references views (id),
	foreign key (build_template_id) references templates (id)
);

create table if not exists vaults (
	id          bigint auto_increment primary key,
	project_id  bigint not null,
	template_id bigint not null,
	key_id      bigint,
	name        longtext,
	type        longtext not null,
	script      longtext,
	index vaults_project (project_id),
	index vaults_template (template_id),
	index vaults_key (key_id),
	foreign key (project_id) references projects (id),
	foreign key (template_id) references templates (id),
	foreign key (key_id) references "keys" (id)
);

create table if not exists roles (
	id          bigint auto_increment primary key,
	project_id  bigint,
	slug        varchar(255) not null,
	name        longtext not null,
	permissions bigint not null,
	name_fold   longtext not null,
	unique index roles_slug (slug),
	index roles_project (project_id),
	foreign key (project_id) references projects (id)
);

create table if not exists template_roles (
	id          bigint auto_increment primary key,
	project_id  bigint not null,
	template_id bigint not null,
	role_slug   varchar(255) not null,
	permissions bigint not null,
	unique index template_roles_role (template_id, role_slug),
	index template_roles_project (project_id),
	foreign key (project_id) references projects (id),
	foreign key (template_id) references templates (id)
);

create table if not exists invites (
	id              bigint auto_increment primary key,
	project_id      bigint not null,
	user_id         bigint,
	email           varchar(255),
	role            longtext not null,
	status          longtext not null,
	token_hash      varchar(255) not null,
	inviter_user_id bigint,
	created         bigint not null,
	expires_at      bigint,
	accepted_at     bigint,
	unique index invites_token (token_hash),
	index invites_project (project_id),
	index invites_user (user_id),
	foreign key (project_id) references projects (id),
	foreign key (user_id) references users (id)
);

create table if not exists schedules (
	id               bigint auto_increment primary key,
	project_id       bigint not null,
	template_id      bigint not null,
	name             longtext not null,
	type             longtext not null,
	cron_format      longtext not null,
	run_at           bigint,
	active           boolean not null,
	delete_after_run boolean not null,
	repository_id    bigint,
	last_commit_hash longtext,
	inventory_id     bigint,
	task_params      longtext,
	name_fold        longtext not null,
	index schedules_project (project_id, name_fold(191)),
	index schedules_template (template_id),
	index schedules_repository (repository_id),
	index schedules_inventory (inventory_id),
	foreign key (project_id) references projects (id),
	foreign key (template_id) references templates (id),
	foreign key (repository_id) references repositories (id),
	foreign key (inventory_id) references inventories (id)
);

create table if not exists integrations (
	id             bigint auto_increment primary key,
	project_id     bigint not null,
	template_id    bigint not null,
	name           longtext not null,
	auth_method    longtext not null,
	auth_secret_id bigint,
	auth_header    longtext not null,
	searchable     boolean not null,
	inventory_id   bigint,
	task_params    longtext,
	name_fold      longtext not null,
	index integrations_project (project_id, name_fold(191)),
	index integrations_template (template_id),
	index integrations_key (auth_secret_id),
	index integrations_inventory (inventory_id),
	foreign key (project_id) references projects (id),
	foreign key (template_id) references templates (id),
	foreign key (auth_secret_id) references "keys" (id),
	foreign key (inventory_id) references inventories (id)
);

create table if not exists integration_matchers (
	id             bigint auto_increment primary key,
	project_id     bigint not null,
	integration_id bigint not null,
	name           longtext not null,
	match_type     longtext not null,
	method         longtext not null,
	body_data_type longtext not null,
	"key"          longtext not null,
	value          longtext not null,
	index integration_matchers_project (project_id),
	index integration_matchers_integration (integration_id),
	foreign key (project_id) references projects (id),
	foreign key (integration_id) references integrations (id)
);

create table if not exists integration_values (
	id             bigint auto_increment primary key,
	project_id     bigint not null,
	integration_id bigint not null,
	name           longtext not null,
	value_source   longtext not null,
	body_data_type longtext not null,
	"key"          longtext not null,
	variable       longtext not null,
	variable_type  longtext not null,
	index integration_values_project (project_id),
	index integration_values_integration (integration_id),
	foreign key (project_id) references projects (id),
	foreign key (integration_id) references integrations (id)
);

create table if not exists integration_aliases (
	id             bigint auto_increment primary key,
	project_id     bigint not null,
	integration_id bigint,
	alias          varchar(255) not null,
	unique index integration_aliases_alias (alias),
	index integration_aliases_project (project_id),
	index integration_aliases_integration (integration_id),
	foreign key (project_id) references projects (id),
	foreign key (integration_id) references integrations (id)
);

create table if not exists runners (
	id                 bigint auto_increment primary key,
	project_id         bigint,
	name               longtext not null,
	token_hash         varchar(255) not null,
	registration_hash  varchar(255),
	webhook            longtext not null,
	max_parallel_tasks bigint not null,
	active             boolean not null,
	tags               longtext,
	is_default         boolean not null,
	public_key         longtext not null,
	created            bigint not null,
	touched            bigint,
	cleaning_requested bigint,
	name_fold          longtext not null,
	unique index runners_token (token_hash),
	index runners_registration (registration_hash),
	index runners_project (project_id),
	foreign key (project_id) references projects (id)
);

create table if not exists totps (
	id        bigint auto_increment primary key,
	user_id   bigint not null,
	created   bigint not null,
	secret    longtext not null,
	confirmed boolean not null,
	last_step bigint not null,
	unique index totps_user (user_id),
	foreign key (user_id) references users (id)
);

create table if not exists recovery_codes (
	id      bigint auto_increment primary key,
	user_id bigint not null,
	hash    longtext not null,
	index recovery_codes_user (user_id),
	foreign key (user_id) references users (id)
);

create table if not exists mail_codes (
	id         bigint auto_increment primary key,
	purpose    varchar(64) not null,
	user_id    bigint,
	email      longtext not null,
	token_hash varchar(255) not null,
	code_hash  longtext not null,
	tries      bigint not null,
	created    bigint not null,
	sent       bigint not null,
	unique index mail_codes_token (token_hash),
	index mail_codes_user (user_id),
	index mail_codes_sent (sent),
	foreign key (user_id) references users (id)
);

-- Whom and what an event is about may be gone: no foreign keys.
create table if not exists events (
	id          bigint auto_increment primary key,
	project_id  bigint,
	user_id     bigint,
	object_type longtext not null,
	object_id   bigint,
	description longtext not null,
	address     longtext not null,
	created     bigint not null,
	action      varchar(64) not null,
	outcome     varchar(64) not null,
	username    longtext not null,
	user_agent  longtext not null,
	token_prefix longtext not null,
	target      longtext not null,
	integration_id bigint,
	changes     longtext,
	index events_project (project_id, id),
	index events_user (user_id, id)
);

create table if not exists "options" (
	"key"   varchar(255) primary key,
	"value" longtext not null
);

-- The row of project 0 counts what all projects share. That of -p grows
-- when tasks of project p are deleted.
create table if not exists revisions (
	project_id bigint primary key,
	"value"    bigint not null
);

-- History outlives users, inventories and builds: those have no foreign keys.
create table if not exists tasks (
	id             bigint auto_increment primary key,
	project_id     bigint not null,
	template_id    bigint not null,
	status         varchar(32) not null,
	playbook       longtext not null,
	environment    longtext not null,
	arguments      longtext,
	git_branch     longtext,
	user_id        bigint,
	integration_id bigint,
	schedule_id    bigint,
	created        bigint not null,
	start          bigint,
	"end"          bigint,
	message        longtext not null,
	commit_hash    longtext,
	commit_message longtext not null,
	build_task_id  bigint,
	version        longtext,
	inventory_id   bigint,
	params         longtext,
	status_reason  longtext not null,
	stopped_by     bigint,
	force_stop     boolean not null,
	questions      bigint not null,
	decision       varchar(64) not null,
	decided_by     bigint,
	decided_at     bigint,
	owner          varchar(255) not null,
	epoch          bigint not null,
	lease_until    bigint,
	log_lines      bigint not null,
	log_bytes      bigint not null,
	journal_offset bigint not null,
	log_digest     longtext not null,
	log_complete   boolean not null,
	result_lines   bigint not null,
	result_bytes   bigint not null,
	versioned      boolean generated always as (version is not null and version <> '') virtual,
	index tasks_project (project_id, id),
	index tasks_template (template_id, id),
	index tasks_version (template_id, versioned, id),
	index tasks_waiting (status, id, project_id, template_id),
	index tasks_waiting_template (status, template_id, id, project_id),
	index tasks_active (status, owner, id),
	index tasks_ended (project_id, status, id),
	foreign key (project_id) references projects (id),
	foreign key (template_id) references templates (id)
);

create table if not exists task_definitions (
	task_id    bigint primary key,
	definition longtext not null,
	secret     longtext not null,
	foreign key (task_id) references tasks (id)
);

create table if not exists chunks (
	id         bigint auto_increment primary key,
	task_id    bigint not null,
	first_seq  bigint not null,
	count      bigint not null,
	first_time bigint not null,
	last_time  bigint not null,
	raw_bytes  bigint not null,
	payload    longblob not null,
	unique index chunks_task (task_id, first_seq),
	foreign key (task_id) references tasks (id)
);

-- What programs reported as data, numbered like the log but apart from it.
create table if not exists result_chunks (
	id         bigint auto_increment primary key,
	task_id    bigint not null,
	first_seq  bigint not null,
	count      bigint not null,
	first_time bigint not null,
	last_time  bigint not null,
	raw_bytes  bigint not null,
	payload    longblob not null,
	unique index result_chunks_task (task_id, first_seq),
	foreign key (task_id) references tasks (id)
);

create table if not exists task_stages (
	task_id    bigint not null,
	seq        bigint not null,
	type       varchar(64) not null,
	start      bigint not null,
	"end"      bigint,
	first_line bigint not null,
	last_line  bigint not null,
	result     longtext,
	primary key (task_id, seq),
	foreign key (task_id) references tasks (id)
);

-- What is to be told about tasks, and what became of it.
create table if not exists notifications (
	id         bigint auto_increment primary key,
	project_id bigint not null,
	task_id    bigint not null,
	event      varchar(64) not null,
	question   bigint not null,
	channel    varchar(64) not null,
	user_id    bigint,
	state      varchar(64) not null,
	attempts   bigint not null,
	created    bigint not null,
	last_at    bigint,
	next_at    bigint,
	error      longtext not null,
	index notifications_task (task_id),
	index notifications_due (channel, next_at),
	index notifications_next (next_at),
	index notifications_created (created),
	foreign key (project_id) references projects (id),
	foreign key (task_id) references tasks (id)
);

-- The rows are locked, never changed: 1 by writers, 2 by those who hand out tasks.
create table if not exists locks (
	id bigint primary key
);
insert ignore into locks (id) values (1), (2);

set foreign_key_checks = 1;

-- +goose Down

set foreign_key_checks = 0;
drop table if exists locks, notifications, task_stages, result_chunks, chunks, task_definitions, tasks, revisions, "options", events, mail_codes, recovery_codes, totps, runners, integration_aliases, integration_values, integration_matchers, integrations, schedules, invites, template_roles, roles, vaults, templates, inventories, host_configs, repositories, "keys", variable_groups, views, members, projects, tokens, sessions, users;
set foreign_key_checks = 1;
