//! What is beside a file that is named, for profiles that say so.

use oz_e2e::fixtures::write;
use oz_e2e::session::Profile;
use oz_e2e::{Inside, Session, cli, oz};

/// A profile of `tail` that sees what is beside its arguments, which it may do this with.
fn profile(session: &Session, arguments: &str) -> Profile {
    session.profile(
        "beside",
        &format!(
            r#"{{ "description": "t", "match": {{ "executables": ["tail"] }},
                "files": {{ "arguments": "{arguments}", "siblings": true }} }}"#
        ),
    )
}

fn start(file: &std::path::Path) -> Inside {
    let ran = oz(["run", "--detach", "beside", "-f"]).arg(file).run();
    Inside::of(ran.ok().text().trim())
}

#[test]
fn the_rest_of_the_directory_is_shown_to_read() {
    let session = Session::begin();
    let _profile = profile(&session, "write");
    let top = session.fresh_dir("films");
    let dir = top.join("one");
    let film = write(&dir.join("film"), b"film");
    let titles = write(&dir.join("film.srt"), b"titles");
    let above = write(&top.join("above"), b"above");
    let inside = start(&film);
    assert_eq!(
        inside.sh(&format!("cat {}", titles.display())).ok().text(),
        "titles"
    );
    inside.sh(&format!("echo more >> {}", film.display())).ok();
    inside
        .sh(&format!("echo x > {}", titles.display()))
        .refused_inside();
    inside
        .sh(&format!("cat {}", above.display()))
        .refused_inside();
    let json = cli::json(["files", inside.id()]);
    let by = |path: &std::path::Path| {
        let rows = json.as_array()?;
        let row = rows
            .iter()
            .find(|row| row["path"] == path.to_string_lossy().as_ref())?;
        row["origin"].as_str().map(str::to_owned)
    };
    assert_eq!(by(&dir).as_deref(), Some("beside"), "{json}");
    assert_eq!(by(&film).as_deref(), Some("argument"), "{json}");
    oz(["stop", inside.id()]).run().ok();
}

#[test]
fn the_home_is_not_shown_for_a_file_in_it() {
    let session = Session::begin();
    let _profile = profile(&session, "read");
    let home = session.home();
    let (file, other) = (
        write(&home.join("in-home"), b"1"),
        write(&home.join("other"), b"2"),
    );
    let inside = start(&file);
    inside.sh(&format!("cat {}", file.display())).ok();
    inside
        .sh(&format!("cat {}", other.display()))
        .refused_inside();
    oz(["stop", inside.id()]).run().ok();
    for path in [file, other] {
        let _ = std::fs::remove_file(path);
    }
}

#[test]
fn what_is_beside_takes_nothing_away_from_what_may_be_written() {
    let session = Session::begin();
    let _profile = profile(&session, "read");
    let dir = session.fresh_dir("project");
    let (first, second) = (
        write(&dir.join("first"), b"1"),
        write(&dir.join("second"), b"2"),
    );
    let inside = start(&first);
    oz(["add", inside.id(), "--write"]).arg(&dir).run().ok();
    // The same app again, with another file: it joins.
    assert_eq!(start(&second).id(), inside.id());
    inside.sh(&format!("echo x > {}/new", dir.display())).ok();
    oz(["stop", inside.id()]).run().ok();
}
