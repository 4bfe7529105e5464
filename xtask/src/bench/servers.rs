//! Recording what people run: a build, and servers with clients that aren't recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, race};
use crate::bench::record::strace_options;

/// A load. Its scripts run in a folder of their own, with `$RECORD` before the command that is recorded.
struct Load {
    what: &'static str,
    /// The programs that it takes, of which none may lack.
    programs: &'static [&'static str],
    /// Makes the folder ready, once.
    setup: &'static str,
    /// What is timed.
    run: &'static str,
    goal: &'static str,
}

const SERVER: &str =
    "the agent 1.5 of native, the server's start and the writing of the trace included";

const BUILD: Load = Load {
    what: "`make -j2` of 40 files in C",
    programs: &["make", "gcc"],
    setup: r#"
for n in $(seq 40); do { echo '#include <stdio.h>'; echo '#include <stdlib.h>'
  for f in $(seq 60); do echo "int f${n}_$f(int a) { for (int i = 0; i < a; i++) a ^= i * $f; return printf(\"%d\", a); }"; done
} > file$n.c; done
printf 'all: $(patsubst %%.c,%%.o,$(wildcard *.c))\n%%.o: %%.c\n\tgcc -O1 -c $< -o $@\n' > Makefile
"#,
    run: "rm -f *.o; $RECORD make -s -j2",
    goal: "none; the agent 1.3 of native is what other real workloads are to have",
};

const REDIS: Load = Load {
    what: "`redis-server` with an append-only file, 40,000 requests by `redis-benchmark` through a local socket",
    programs: &["redis-server", "redis-cli", "redis-benchmark"],
    setup: ":",
    run: r#"
rm -rf dump* append*; $RECORD redis-server --port 0 --unixsocket "$PWD/sock" --dir "$PWD" --save "" --appendonly yes --appendfsync no &
until redis-cli -s sock ping > ready 2>&1; do sleep 0.01; done
redis-benchmark -s sock -q -n 20000 -c 1 -t set,get; redis-cli -s sock shutdown nosave; wait
"#,
    goal: SERVER,
};

const NGINX: Load = Load {
    what: "`nginx`, 20,000 requests of 16 KiB by `ab`",
    programs: &["nginx", "curl", "ab"],
    setup: r#"
mkdir -p www logs; head -c 16384 /dev/zero | tr '\0' x > www/page
cat > nginx.conf <<EOF
user root; worker_processes 1; pid $PWD/pid; error_log $PWD/logs/error.log; events { worker_connections 64; }
http { access_log $PWD/logs/access.log; client_body_temp_path $PWD/body; proxy_temp_path $PWD/proxy; fastcgi_temp_path $PWD/fast;
  uwsgi_temp_path $PWD/uwsgi; scgi_temp_path $PWD/scgi; sendfile on; keepalive_requests 100000; server { listen 127.0.0.1:17721; root $PWD/www; } }
EOF
"#,
    run: r#"
$RECORD nginx -c "$PWD/nginx.conf" -p "$PWD" -g 'daemon off;' &
until curl -sf http://127.0.0.1:17721/page > page; do sleep 0.01; done
ab -q -k -n 20000 -c 4 http://127.0.0.1:17721/page; nginx -c "$PWD/nginx.conf" -p "$PWD" -s quit; wait
"#,
    goal: SERVER,
};

const PGBENCH: Load = Load {
    what: "`postgres`, 4,000 transactions of `pgbench` by two clients",
    programs: &["pgbench", "setpriv"],
    setup: r#"
cat > run.sh <<'EOF'
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1); export PGHOST="$PWD" PGPORT=17722 PGUSER=postgres PGDATA="$PWD/data"
ready() { until "$bin/pg_isready" > said; do sleep 0.01; done; }
stop() { kill -INT $(head -n 1 data/postmaster.pid); wait; }
EOF
cat > setup.sh <<'EOF'
. ./run.sh; "$bin/initdb" -A trust --no-locale -E UTF8 > said
printf "%s\n" "listen_addresses = ''" "unix_socket_directories = '$PWD'" "port = 17722" "autovacuum = off" "fsync = off" >> data/postgresql.conf
"$bin/postgres" -D data & ready; "$bin/createdb" bench; "$bin/pgbench" -q -i -s 2 bench; stop
EOF
printf '. ./run.sh; $RECORD "$bin/postgres" -D data & ready; "$bin/pgbench" -n -c 2 -t 2000 bench; stop' > load.sh
chown -R postgres .; setpriv --reuid postgres --regid postgres --clear-groups sh -e setup.sh
"#,
    run: "setpriv --reuid postgres --regid postgres --clear-groups sh -e load.sh",
    goal: SERVER,
};

/// A build with make and gcc.
pub fn build(setting: &Setting) -> Result<Table> {
    contest(setting, "build", &BUILD)
}

/// redis, whose client isn't recorded.
pub fn redis(setting: &Setting) -> Result<Table> {
    contest(setting, "redis", &REDIS)
}

/// nginx, whose client isn't recorded.
pub fn nginx(setting: &Setting) -> Result<Table> {
    contest(setting, "nginx", &NGINX)
}

/// PostgreSQL, whose clients aren't recorded.
pub fn pgbench(setting: &Setting) -> Result<Table> {
    contest(setting, "pgbench", &PGBENCH)
}

fn contest(setting: &Setting, name: &str, load: &Load) -> Result<Table> {
    let lacking = load.programs.iter().find(|program| !is_there(program));
    if let Some(program) = lacking {
        return Err(format!(
            "there is no `{program}`, which this takes: `cargo xtask apps` installs it"
        ));
    }
    let folder = setting.path(name);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let made = script(&folder, load.setup, "").output().map_err(|error| error.to_string())?;
    if !made.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let recorder = setting.dist.join("bin/recorder");
    let recorded = |backend: &'static str| {
        let prefix = format!("{} --backend {backend} -X trace.ds", recorder.display());
        let folder = &folder;
        move || script(folder, load.run, &prefix)
    };
    let strace = format!("strace {} -o strace.log", strace_options().join(" "));
    let clear = || {
        for file in ["trace.ds", "strace.log"] {
            let _ = fs::remove_file(folder.join(file));
        }
    };
    let contenders = [
        Contender::new("native", || script(&folder, load.run, "")),
        Contender::new("recorder --backend agent", recorded("agent")).after(clear),
        Contender::new("recorder --backend ptrace", recorded("ptrace")).after(clear),
        Contender::new("strace -f --seccomp-bpf -s 65536", || script(&folder, load.run, &strace))
            .after(clear),
    ];
    race(load.what, load.goal, setting.rounds, &contenders)
}

fn script(folder: &Path, text: &str, record: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-ec", text]).current_dir(folder).env("RECORD", record);
    shell
}

fn is_there(program: &str) -> bool {
    let folders = std::env::var("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&folders).chain(more).any(|folder| folder.join(program).is_file())
}
