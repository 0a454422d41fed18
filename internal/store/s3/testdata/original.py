"""Calls the original's S3 driver: HOST ACCESS SECRET BUCKET, then
get URL | delete URL | add ID SIZE (data on standard input)."""
import sys

from glance_store import multi_backend
from oslo_config import cfg

host, access, secret, bucket, verb, what = sys.argv[1:7]
conf = cfg.CONF
conf.register_opts([cfg.DictOpt('enabled_backends')])
conf([], project='test', default_config_files=[])
conf.set_override('enabled_backends', {'s': 's3'})
multi_backend.register_store_opts(conf)
conf.set_override('default_backend', 's', group='glance_store')
for name, value in {'host': host, 'access_key': access, 'secret_key': secret, 'bucket': bucket,
                    'large_object_size': 7, 'large_object_chunk_size': 5}.items():
    conf.set_override('s3_store_' + name, value, group='s')
multi_backend.create_multi_stores(conf)

if verb == 'get':
    chunks, _ = multi_backend.get(what, 's')
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
elif verb == 'delete':
    multi_backend.delete(what, 's')
else:
    url, size, _, _, _ = multi_backend.add_with_multihash(
        conf, what, sys.stdin.buffer, int(sys.argv[7]), 's', 'sha256')
    print(url, end='')
