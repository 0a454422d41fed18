package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"glance/test/e2e/rig"
)

// nginxConf is nginx at its best for one large file.
const nginxConf = `daemon off;
pid %[1]s/nginx.pid;
error_log stderr crit;
worker_processes 2;
events { worker_connections 1024; }
http {
	sendfile on;
	tcp_nopush on;
	access_log off;
	keepalive_requests 1000000;
	default_type application/octet-stream;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	server {
		listen 127.0.0.1:%[2]d;
		root %[1]s;
	}
}
`

func (b *bench) startNginx(ctx context.Context) error {
	path, err := find("nginx")
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	text := fmt.Sprintf(nginxConf, b.dir, port)
	if os.Geteuid() == 0 {
		text = "user root;\n" + text // else its workers may not read what is ours
	}
	conf := filepath.Join(b.dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(path, "-p", b.dir, "-c", conf, "-e", "stderr") //nolint:noctx // close ends it
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.nginx = cmd
	b.nginxURL = "http://127.0.0.1:" + strconv.Itoa(port) + "/" + filepath.Base(b.file())
	client := rig.Client{Base: strings.TrimSuffix(b.nginxURL, filepath.Base(b.file()))}
	err = rig.Until(ctx, "nginx", func() bool {
		_, err := client.Get(ctx, "nothing")
		return err == nil
	})
	if err != nil {
		return err
	}
	b.nginxPIDs, err = children(cmd.Process.Pid)
	return err
}

// children are the workers of a process.
func children(pid int) ([]int, error) {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(string(list)) {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		pids = append(pids, n)
	}
	return pids, nil
}
