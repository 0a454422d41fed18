package config

import "glance/internal/ini"

// Replicator is the configuration of glance-replicator. Source: spec tools §4.
type Replicator struct {
	Loaded
	Options ReplicatorOptions
}

// ReplicatorOptions are those of [DEFAULT].
type ReplicatorOptions struct {
	Chunk         int    `ini:"chunksize" default:"65536" min:"1" max:"1073741824" cli:"c,chunksize" help:"Bytes of image data that are read and written at once."`
	DontReplicate string `ini:"dontreplicate" default:"created_at date deleted_at location updated_at" cli:"D,dontreplicate" help:"Attributes that are not copied and not compared, with blanks between them."`
	MetaOnly      bool   `ini:"metaonly" default:"false" cli:"m,metaonly" help:"Replicate the description of images only, not their data."`
	Token         string `ini:"token" secret:"true" cli:"t,token" help:"Token for source and target. Others of this machine can see it in the list of processes; the configuration file and OS_DEFAULT__TOKEN keep it."`
	SourceToken   string `ini:"sourcetoken" secret:"true" help:"Token for the source."`
	TargetToken   string `ini:"targettoken" secret:"true" help:"Token for the target."`
}

func (c *Replicator) sections() []section {
	return []section{
		{ini.DefaultSection, &c.Options}, {ini.DefaultSection, &c.Log}, {ini.DefaultSection, &c.LogHidden},
	}
}

// LoadReplicator reads the configuration of glance-replicator; its command and
// arguments are left in Args.Rest. Errors as LoadAPI.
func LoadReplicator(in Input) (*Replicator, *Args, error) {
	loaded, args, err := start(in, spec{
		files: []string{in.Prog}, words: "[command] [args ...]", flags: optionFlags(ini.DefaultSection, ReplicatorOptions{}),
	})
	if err != nil {
		return nil, nil, err
	}
	loaded.Founding = false
	c := &Replicator{Loaded: *loaded}
	if err := c.fill(c.sections()); err != nil {
		return nil, nil, err
	}
	if !c.Source.IsSet(ini.DefaultSection, "use_stderr") {
		c.Log.UseStderr = true
	}
	if o := &c.Options; o.Token != "" {
		o.SourceToken, o.TargetToken = o.Token, o.Token
	}
	return c, args, nil
}

// Dump is as that of API.
func (c *Replicator) Dump() []string { return c.dump(c.sections()) }
