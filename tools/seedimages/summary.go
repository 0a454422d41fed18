package main

// summary is what a trial asks for.
type summary struct {
	Images       int    `json:"images"`
	Large        string `json:"large"`        // the project with the most images
	LargeImages  int    `json:"large_images"` // not deleted
	Middle       string `json:"middle"`
	MiddleImages int    `json:"middle_images"`
	Small        string `json:"small"`
	SmallImages  int    `json:"small_images"`
	Member       string `json:"member"` // the project that has accepted the most images
	MemberImages int    `json:"member_images"`
	CommonName   string `json:"common_name"`
	UniqueName   string `json:"unique_name"`
}

func (s *seeder) summary() summary {
	large, middle, small := most(s.owned), s.projects/8, s.projects*3/4
	member := most(s.shared)
	return summary{
		Images: s.count, Large: project(large), LargeImages: s.owned[large], Middle: project(middle), MiddleImages: s.owned[middle],
		Small: project(small), SmallImages: s.owned[small], Member: project(member), MemberImages: s.shared[member],
		CommonName: common(0), UniqueName: s.unique,
	}
}

// most gives the key with the largest value, the smallest of several.
func most(counts map[int]int) (key int) {
	best := -1
	for k, n := range counts {
		if n > best || n == best && k < key {
			key, best = k, n
		}
	}
	return key
}
