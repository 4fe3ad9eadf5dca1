//! Facts about the machine, the compilers and the checkout, for later readers of the record.

use std::fs::read_to_string;
use std::process::Command;

use crate::building::{root, succeed};

/// Names and values, in the order in which they are printed.
pub(crate) fn facts() -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("processor", processor()),
        ("cores", cores()),
        ("kernel", file("/proc/sys/kernel/osrelease")),
        ("frequency governor", governor()),
        ("load at the start", load()),
        ("rustc", first_line(Command::new("rustc").arg("--version"))),
        ("cc -O2", first_line(Command::new("cc").arg("--version"))),
        ("commit", commit()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// Whether the other load was recently too high for two threads to have a processor each.
pub(crate) fn is_busy() -> bool {
    if is_real_time() {
        return false;
    }
    let load = file("/proc/loadavg");
    let load = load.split(' ').next().and_then(|load| load.parse().ok());
    let cores: f64 = cores().parse().unwrap_or(f64::INFINITY);
    // The load includes 1 for the measurements of this program.
    load.is_some_and(|load: f64| load > cores.max(2.0) - 0.5)
}

/// Whether this program and its children have real-time priority, as with `chrt -f 5`.
fn is_real_time() -> bool {
    let text = file("/proc/self/stat");
    // The second field, the name of the program, ends with the last parenthesis. The scheduling
    // policy is field 41; 1 and 2 are the real-time policies.
    let policy = text
        .rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().nth(38));
    matches!(policy, Some("1" | "2"))
}

/// The date of today in the format of ISO 8601.
pub(crate) fn today() -> String {
    first_line(Command::new("date").args(["-u", "+%Y-%m-%d"]))
}

/// The first line that a command prints, or an empty string if it fails.
fn first_line(command: &mut Command) -> String {
    let printed = succeed(command).unwrap_or_default();
    printed.lines().next().unwrap_or_default().to_owned()
}

fn file(path: &str) -> String {
    read_to_string(path)
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

fn processor() -> String {
    let text = file("/proc/cpuinfo");
    let value = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(key))?;
        line.split_once(':').map(|(_, value)| value.trim())
    };
    let name = value("model name").unwrap_or_default();
    let number = value("model\t").unwrap_or_default();
    let is_virtual = value("flags").is_some_and(|flags| flags.contains("hypervisor"));
    let machine = if is_virtual {
        ", in a virtual machine"
    } else {
        ""
    };
    format!("{name} (model {number}){machine}")
}

fn cores() -> String {
    std::thread::available_parallelism().map_or_else(|_| String::new(), |count| count.to_string())
}

fn load() -> String {
    let averages = file("/proc/loadavg");
    let averages = averages
        .splitn(4, ' ')
        .take(3)
        .collect::<Vec<_>>()
        .join(" ");
    let priority = if is_real_time() {
        "; measured with real-time priority"
    } else {
        ""
    };
    format!("{averages}{priority}")
}

fn governor() -> String {
    let known = file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    if known.is_empty() {
        "unknown".to_owned()
    } else {
        known
    }
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        Command::new("git")
            .args(arguments)
            .current_dir(root())
            .output()
    };
    let Ok(head) = git(&["rev-parse", "--short=10", "HEAD"]) else {
        return String::new();
    };
    let head = String::from_utf8_lossy(&head.stdout).trim_end().to_owned();
    // The records that this program writes do not count as changes.
    let changes = git(&["status", "--porcelain", "--", ".", ":!benches/record"]);
    let is_changed = changes.is_ok_and(|changes| !changes.stdout.is_empty());
    if is_changed && !head.is_empty() {
        format!("{head}, with uncommitted changes")
    } else {
        head
    }
}
