package policy

// Rule is the name of a rule that the service asks about.
type Rule string

// Rules about images and their data.
const (
	AddImage            Rule = "add_image"
	DeleteImage         Rule = "delete_image"
	GetImage            Rule = "get_image"
	GetImages           Rule = "get_images"
	ModifyImage         Rule = "modify_image"
	PublicizeImage      Rule = "publicize_image"
	CommunitizeImage    Rule = "communitize_image"
	DownloadImage       Rule = "download_image"
	DownloadFromStore   Rule = "download_from_store"
	UploadImage         Rule = "upload_image"
	DeleteImageLocation Rule = "delete_image_location"
	GetImageLocation    Rule = "get_image_location"
	SetImageLocation    Rule = "set_image_location"
	AddImageLocation    Rule = "add_image_location"
	FetchImageLocation  Rule = "fetch_image_location"
	Deactivate          Rule = "deactivate"
	Reactivate          Rule = "reactivate"
	CopyImage           Rule = "copy_image"
)

// Rules about members of images.
const (
	AddMember    Rule = "add_member"
	DeleteMember Rule = "delete_member"
	GetMember    Rule = "get_member"
	GetMembers   Rule = "get_members"
	ModifyMember Rule = "modify_member"
)

// Rules about the cache, stores and tasks.
const (
	ManageImageCache Rule = "manage_image_cache"
	ListCachedNodes  Rule = "list_cached_nodes"
	CacheImage       Rule = "cache_image"
	CacheList        Rule = "cache_list"
	CacheDelete      Rule = "cache_delete"
	CacheClean       Rule = "cache_clean"
	CachePrune       Rule = "cache_prune"
	StoresInfoDetail Rule = "stores_info_detail"
	TasksAPIAccess   Rule = "tasks_api_access"
	GetTask          Rule = "get_task"
	GetTasks         Rule = "get_tasks"
	AddTask          Rule = "add_task"
	ModifyTask       Rule = "modify_task"
)

// Rules about metadata definitions.
const (
	GetMetadefNamespace                  Rule = "get_metadef_namespace"
	GetMetadefNamespaces                 Rule = "get_metadef_namespaces"
	AddMetadefNamespace                  Rule = "add_metadef_namespace"
	ModifyMetadefNamespace               Rule = "modify_metadef_namespace"
	DeleteMetadefNamespace               Rule = "delete_metadef_namespace"
	GetMetadefObject                     Rule = "get_metadef_object"
	GetMetadefObjects                    Rule = "get_metadef_objects"
	AddMetadefObject                     Rule = "add_metadef_object"
	ModifyMetadefObject                  Rule = "modify_metadef_object"
	DeleteMetadefObject                  Rule = "delete_metadef_object"
	GetMetadefProperty                   Rule = "get_metadef_property"
	GetMetadefProperties                 Rule = "get_metadef_properties"
	AddMetadefProperty                   Rule = "add_metadef_property"
	ModifyMetadefProperty                Rule = "modify_metadef_property"
	RemoveMetadefProperty                Rule = "remove_metadef_property"
	GetMetadefTag                        Rule = "get_metadef_tag"
	GetMetadefTags                       Rule = "get_metadef_tags"
	AddMetadefTag                        Rule = "add_metadef_tag"
	AddMetadefTags                       Rule = "add_metadef_tags"
	ModifyMetadefTag                     Rule = "modify_metadef_tag"
	DeleteMetadefTag                     Rule = "delete_metadef_tag"
	DeleteMetadefTags                    Rule = "delete_metadef_tags"
	ListMetadefResourceTypes             Rule = "list_metadef_resource_types"
	GetMetadefResourceType               Rule = "get_metadef_resource_type"
	AddMetadefResourceTypeAssociation    Rule = "add_metadef_resource_type_association"
	RemoveMetadefResourceTypeAssociation Rule = "remove_metadef_resource_type_association"
)

// Rules that others refer to.
const (
	Default        Rule = "default"
	ContextIsAdmin Rule = "context_is_admin"
	ServiceAPI     Rule = "service_api"
	MetadefDefault Rule = "metadef_default"
	MetadefAdmin   Rule = "metadef_admin"
)

// scoped reports whether the rule wants a token for a project.
func (r Rule) scoped() bool {
	switch r {
	case Default, ContextIsAdmin, ServiceAPI, MetadefDefault, MetadefAdmin:
		return false
	}
	return true
}
