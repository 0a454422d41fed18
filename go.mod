module glance

go 1.26
