package policy

import (
	"fmt"

	"glance/internal/rules"
)

// Definition is a built-in rule: what holds when no policy file says otherwise.
type Definition struct {
	Rule       Rule
	Check      string
	Deprecated string // also enough unless EnforceNewDefaults is set; empty when there is none
}

// Parts of checks.
const (
	admin         = "rule:context_is_admin"
	projectMember = "role:member and project_id:%(project_id)s"
	projectReader = "role:reader and project_id:%(project_id)s"
	imageMember   = "project_id:%(member_id)s"
	visible       = "(project_id:%(project_id)s or " + imageMember +
		" or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s)"

	adminOrMember      = admin + " or (" + projectMember + ")"
	adminOrReader      = admin + " or (" + projectReader + ")"
	adminOrSharer      = admin + " or role:reader and (project_id:%(project_id)s or " + imageMember + ")"
	adminOrNamespace   = admin + " or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"
	byDefault          = "rule:default"
	byMetadefDefault   = "rule:metadef_default"
	byMetadefAdmin     = "rule:metadef_admin"
	byManageImageCache = "rule:manage_image_cache"
)

// definitions is the table of spec auth-policy §4.
var definitions = []Definition{
	{Default, "", admin},
	{ContextIsAdmin, "role:admin", ""},
	{ServiceAPI, "role:service or role:admin", ""},

	{AddImage, admin + " or (" + projectMember + " and project_id:%(owner)s)", byDefault},
	{DeleteImage, adminOrMember, byDefault},
	{GetImage, admin + " or (role:reader and " + visible + ")", byDefault},
	{GetImages, adminOrReader, byDefault},
	{ModifyImage, adminOrMember, byDefault},
	{PublicizeImage, admin, ""},
	{CommunitizeImage, adminOrMember, byDefault},
	{DownloadImage, admin + " or (role:member and " + visible + ")", byDefault},
	{DownloadFromStore, admin + " or (role:member and " + visible + ")", ""},
	{UploadImage, adminOrMember, byDefault},
	{DeleteImageLocation, admin, byDefault},
	{GetImageLocation, adminOrReader, byDefault},
	{SetImageLocation, adminOrMember, byDefault},
	{AddImageLocation, "rule:service_api or (" + projectMember + " and project_id:%(owner)s)", ""},
	{FetchImageLocation, "rule:service_api", ""},
	{AddMember, adminOrMember, byDefault},
	{DeleteMember, adminOrMember, byDefault},
	{GetMember, adminOrSharer, byDefault},
	{GetMembers, adminOrSharer, byDefault},
	{ModifyMember, admin + " or (role:member and " + imageMember + ")", byDefault},
	{Deactivate, adminOrMember, byDefault},
	{Reactivate, adminOrMember, byDefault},
	{CopyImage, admin, ""},

	{ManageImageCache, admin, ""},
	{ListCachedNodes, admin, ""},
	{CacheImage, admin, byManageImageCache},
	{CacheList, admin, byManageImageCache},
	{CacheDelete, admin, byManageImageCache},
	{CacheClean, admin, ""},
	{CachePrune, admin, ""},
	{StoresInfoDetail, admin + " or rule:service_api", admin},
	{TasksAPIAccess, admin, ""},
	{GetTask, byDefault, ""},
	{GetTasks, byDefault, ""},
	{AddTask, byDefault, ""},
	{ModifyTask, byDefault, ""},

	{MetadefDefault, "", ""},
	{MetadefAdmin, admin, ""},
	{GetMetadefNamespace, adminOrNamespace, byMetadefDefault},
	{GetMetadefNamespaces, adminOrReader, byMetadefDefault},
	{GetMetadefObject, adminOrNamespace, byMetadefDefault},
	{GetMetadefObjects, adminOrNamespace, byMetadefDefault},
	{GetMetadefProperty, adminOrNamespace, byMetadefDefault},
	{GetMetadefProperties, adminOrNamespace, byMetadefDefault},
	{GetMetadefTag, adminOrNamespace, byMetadefDefault},
	{GetMetadefTags, adminOrNamespace, byMetadefDefault},
	{ListMetadefResourceTypes, adminOrNamespace, byMetadefDefault},
	{GetMetadefResourceType, adminOrNamespace, byMetadefDefault},
	{AddMetadefNamespace, byMetadefAdmin, ""},
	{ModifyMetadefNamespace, byMetadefAdmin, ""},
	{DeleteMetadefNamespace, byMetadefAdmin, ""},
	{AddMetadefObject, byMetadefAdmin, ""},
	{ModifyMetadefObject, byMetadefAdmin, ""},
	{DeleteMetadefObject, byMetadefAdmin, ""},
	{AddMetadefProperty, byMetadefAdmin, ""},
	{ModifyMetadefProperty, byMetadefAdmin, ""},
	{RemoveMetadefProperty, byMetadefAdmin, ""},
	{AddMetadefTag, byMetadefAdmin, ""},
	{AddMetadefTags, byMetadefAdmin, ""},
	{ModifyMetadefTag, byMetadefAdmin, ""},
	{DeleteMetadefTag, byMetadefAdmin, ""},
	{DeleteMetadefTags, byMetadefAdmin, ""},
	{AddMetadefResourceTypeAssociation, byMetadefAdmin, ""},
	{RemoveMetadefResourceTypeAssociation, byMetadefAdmin, ""},
}

// Definitions lists every built-in rule in the order of the documentation.
func Definitions() []Definition { return append([]Definition(nil), definitions...) }

// defaultChecks parses the table. Without newDefaults a deprecated check is
// enough too; files override either.
func defaultChecks(newDefaults bool) map[string]*rules.Check {
	checks := make(map[string]*rules.Check, len(definitions))
	for _, d := range definitions {
		check := mustParse(d.Check)
		if !newDefaults && d.Deprecated != "" {
			check = rules.Or(check, mustParse(d.Deprecated))
		}
		checks[string(d.Rule)] = check
	}
	return checks
}

func mustParse(text string) *rules.Check {
	check, err := rules.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("built-in rule: %v", err))
	}
	return check
}
