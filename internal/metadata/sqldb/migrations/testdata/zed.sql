-- An SQLite database of the original, release 25.1 (Zed): the tables as `glance-manage db sync` makes them
-- (`.schema` of the sqlite3 shell) and rows as its database layer writes them (`.dump`): a shared image with
-- everything, one with an import lock, a deleted one, and a task.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE image_properties (
	id INTEGER NOT NULL, 
	image_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value TEXT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image_id) REFERENCES images (id), 
	CONSTRAINT ix_image_properties_image_id_name UNIQUE (image_id, name), 
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_image_properties_deleted ON image_properties (deleted);
CREATE INDEX ix_image_properties_image_id ON image_properties (image_id);
CREATE TABLE image_locations (
	id INTEGER NOT NULL, 
	image_id VARCHAR(36) NOT NULL, 
	value TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, 
	meta_data TEXT, 
	status VARCHAR(30) DEFAULT 'active' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image_id) REFERENCES images (id), 
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_image_locations_deleted ON image_locations (deleted);
CREATE INDEX ix_image_locations_image_id ON image_locations (image_id);
CREATE TABLE image_members (
	id INTEGER NOT NULL, 
	image_id VARCHAR(36) NOT NULL, 
	member VARCHAR(255) NOT NULL, 
	can_share BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, 
	status VARCHAR(20) DEFAULT 'pending' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image_id) REFERENCES images (id), 
	CONSTRAINT image_members_image_id_member_deleted_at_key UNIQUE (image_id, member, deleted_at), 
	CHECK (can_share IN (0, 1)), 
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_image_members_deleted ON image_members (deleted);
CREATE INDEX ix_image_members_image_id ON image_members (image_id);
CREATE INDEX ix_image_members_image_id_member ON image_members (image_id, member);
CREATE TABLE image_tags (
	id INTEGER NOT NULL, 
	image_id VARCHAR(36) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image_id) REFERENCES images (id), 
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_image_tags_image_id ON image_tags (image_id);
CREATE INDEX ix_image_tags_image_id_tag_value ON image_tags (image_id, value);
CREATE TABLE tasks (
	id VARCHAR(36) NOT NULL, 
	type VARCHAR(30) NOT NULL, 
	status VARCHAR(30) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	expires_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, image_id VARCHAR(36), request_id VARCHAR(64), user_id VARCHAR(64), 
	PRIMARY KEY (id), 
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_tasks_deleted ON tasks (deleted);
CREATE INDEX ix_tasks_owner ON tasks (owner);
CREATE INDEX ix_tasks_status ON tasks (status);
CREATE INDEX ix_tasks_type ON tasks (type);
CREATE INDEX ix_tasks_updated_at ON tasks (updated_at);
CREATE TABLE task_info (
	task_id VARCHAR(36) NOT NULL, 
	input TEXT, 
	result TEXT, 
	message TEXT, 
	PRIMARY KEY (task_id), 
	FOREIGN KEY(task_id) REFERENCES tasks (id)
);
CREATE TABLE metadef_namespaces (
	id INTEGER NOT NULL, 
	namespace VARCHAR(80) NOT NULL, 
	display_name VARCHAR(80), 
	description TEXT, 
	visibility VARCHAR(32), 
	protected BOOLEAN, 
	owner VARCHAR(255) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_metadef_namespaces_namespace UNIQUE (namespace), 
	CHECK (protected IN (0, 1))
);
CREATE INDEX ix_metadef_namespaces_owner ON metadef_namespaces (owner);
CREATE TABLE metadef_resource_types (
	id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	protected BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_metadef_resource_types_name UNIQUE (name), 
	CHECK (protected IN (0, 1))
);
CREATE TABLE metadef_namespace_resource_types (
	resource_type_id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	properties_target VARCHAR(80), 
	prefix VARCHAR(80), 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (resource_type_id, namespace_id), 
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id), 
	FOREIGN KEY(resource_type_id) REFERENCES metadef_resource_types (id)
);
CREATE INDEX ix_metadef_ns_res_types_namespace_id ON metadef_namespace_resource_types (namespace_id);
CREATE TABLE metadef_objects (
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	description TEXT, 
	required TEXT, 
	json_schema TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id), 
	CONSTRAINT uq_metadef_objects_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE INDEX ix_metadef_objects_name ON metadef_objects (name);
CREATE TABLE metadef_properties (
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	json_schema TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id), 
	CONSTRAINT uq_metadef_properties_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE INDEX ix_metadef_properties_name ON metadef_properties (name);
CREATE TABLE metadef_tags (
	id INTEGER NOT NULL, 
	namespace_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id), 
	CONSTRAINT uq_metadef_tags_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE INDEX ix_metadef_tags_name ON metadef_tags (name);
CREATE INDEX ix_tasks_image_id ON tasks (image_id);
CREATE TABLE IF NOT EXISTS "images" (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(255), 
	size BIGINT, 
	status VARCHAR(30) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME, 
	deleted_at DATETIME, 
	deleted BOOLEAN NOT NULL, 
	disk_format VARCHAR(20), 
	container_format VARCHAR(20), 
	checksum VARCHAR(32), 
	owner VARCHAR(255), 
	min_disk INTEGER NOT NULL, 
	min_ram INTEGER NOT NULL, 
	protected BOOLEAN DEFAULT 0 NOT NULL, 
	virtual_size BIGINT, 
	visibility VARCHAR(9) DEFAULT 'shared' NOT NULL, 
	os_hidden BOOLEAN DEFAULT 0 NOT NULL, 
	os_hash_algo VARCHAR(64), 
	os_hash_value VARCHAR(128), 
	PRIMARY KEY (id)
);
CREATE INDEX owner_image_idx ON images (owner);
CREATE INDEX os_hash_value_image_idx ON images (os_hash_value);
CREATE INDEX created_at_image_idx ON images (created_at);
CREATE INDEX visibility_image_idx ON images (visibility);
CREATE INDEX ix_images_deleted ON images (deleted);
CREATE INDEX checksum_image_idx ON images (checksum);
CREATE INDEX os_hidden_image_idx ON images (os_hidden);
CREATE INDEX updated_at_image_idx ON images (updated_at);
INSERT INTO alembic_version VALUES('wallaby_contract01');
INSERT INTO images VALUES('a1111111-1111-4111-8111-111111111111','from zed é',1073741824,'active','2024-05-06 07:08:09.123456','2026-11-24 23:06:25.689515',NULL,0,'qcow2','bare','0123456789abcdef0123456789abcdef','p1',1,2,1,NULL,'shared',0,'sha512','abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab');
INSERT INTO images VALUES('a2222222-2222-4222-8222-222222222222',NULL,NULL,'queued','2026-11-24 23:06:25.725532','2026-11-24 23:06:25.725537',NULL,0,NULL,NULL,NULL,'p1',0,0,0,NULL,'private',0,NULL,NULL);
INSERT INTO images VALUES('a3333333-3333-4333-8333-333333333333','dead',5,'deleted','2026-11-24 23:06:25.734867','2026-11-24 23:06:25.774350','2026-11-24 23:06:25.773306',1,NULL,NULL,NULL,'p1',0,0,0,NULL,'public',0,NULL,NULL);
INSERT INTO tasks VALUES('b1111111-1111-4111-8111-111111111111','api_image_import','pending','p1',NULL,'2024-05-06 07:08:09.123456','2024-05-06 07:08:09.123456',NULL,0,'a2222222-2222-4222-8222-222222222222','req-1','u');
INSERT INTO image_properties VALUES(1,'a1111111-1111-4111-8111-111111111111','hw_disk_bus','scsi','2026-11-24 23:06:25.470407','2026-11-24 23:06:25.664525',NULL,0);
INSERT INTO image_properties VALUES(2,'a1111111-1111-4111-8111-111111111111','gone','back','2026-11-24 23:06:25.472966','2026-11-24 23:06:25.693190','2026-11-24 23:06:25.674035',0);
INSERT INTO image_properties VALUES(3,'a3333333-3333-4333-8333-333333333333','a','b','2026-11-24 23:06:25.736558','2026-11-24 23:06:25.779424','2026-11-24 23:06:25.773306',1);
INSERT INTO image_properties VALUES(4,'a2222222-2222-4222-8222-222222222222','os_glance_import_task','task-1','2026-11-24 23:06:25.802718','2026-11-24 23:06:25.803029',NULL,0);
INSERT INTO image_locations VALUES(1,'a1111111-1111-4111-8111-111111111111','file:///var/lib/glance/images/a1','2026-11-24 23:06:25.480247','2026-11-24 23:06:25.480253',NULL,0,'{"store": "fast", "note": "\u00e9"}','active');
INSERT INTO image_locations VALUES(2,'a1111111-1111-4111-8111-111111111111','rbd://x','2026-11-24 23:06:25.481576','2026-11-24 23:06:25.481582',NULL,0,'{}','active');
INSERT INTO image_locations VALUES(3,'a3333333-3333-4333-8333-333333333333','file:///d','2026-11-24 23:06:25.738511','2026-11-24 23:06:25.773306','2026-11-24 23:06:25.773306',1,'{"backend": "old"}','deleted');
INSERT INTO image_members VALUES(1,'a1111111-1111-4111-8111-111111111111','p2',0,'2026-11-24 23:06:25.715016','2026-11-24 23:06:25.715021',NULL,0,'accepted');
INSERT INTO image_tags VALUES(1,'a1111111-1111-4111-8111-111111111111','t2','2026-11-24 23:06:25.586138','2026-11-24 23:06:25.586145',NULL,0);
INSERT INTO image_tags VALUES(2,'a1111111-1111-4111-8111-111111111111','t1','2026-11-24 23:06:25.597900','2026-11-24 23:06:25.597908',NULL,0);
INSERT INTO task_info VALUES('b1111111-1111-4111-8111-111111111111','{"image_id": "a2", "backend": ["fast"]}',NULL,'');
