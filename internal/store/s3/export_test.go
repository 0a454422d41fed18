package s3

// Missing lets tests read the errors of the SDK.
var Missing = missing
