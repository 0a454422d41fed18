package file

// PublishLink is what file systems without an atomic rename that spares
// existing files get; no test can choose its file system.
var PublishLink = publishLink
