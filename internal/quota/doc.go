// Package quota knows how much an owner may store and how many parts an image
// may have, and what to say beyond that. It is arithmetic on numbers that
// callers bring: it reads no database.
//
// # Use
//
//	limit, err := quota.ParseStorage("150GB") // user_storage_quota
//	err = limit.Admit(used, size)             // before data comes, and after
//	most := limit.Remaining(used)             // for data of unknown size
//
//	limits := quota.Limits{MaxProperties: 128, MaxTags: 128, MaxMembers: 128, MaxLocations: 10}
//	err = limits.Tags(len(tags))
//
// The limits that an identity service keeps by project come from a Source, one
// package below this one, and are held against what the project has:
//
//	limits, err := source.Limits(ctx, project, quota.ImageCountTotal)
//	err = quota.Grant(project, quota.Claim{Resource: quota.ImageCountTotal, Limit: limits[…], Usage: n, Delta: 1})
//
// Every refusal is a *glance.Error of kind TooLarge.
//
// # Adding a quota
//
// A number of something becomes a field of Limits and a method beside the
// others; an amount of bytes becomes a type like Storage.
package quota
