//! Documents for apps to open, each with a colour that nothing else on the desktop has.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::Run;

/// Red, green and blue.
pub type Colour = [u8; 3];

/// A web page of one colour.
pub fn page(path: &Path, title: &str, colour: Colour) -> PathBuf {
    let [r, g, b] = colour;
    let text = format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title>\
         <style>html{{background:rgb({r},{g},{b})}}</style><p>{title}"
    );
    write(path, text.as_bytes())
}

/// A picture file's worth of seconds of one colour, with no sound.
pub fn video(path: &Path, seconds: u32, colour: Colour) -> PathBuf {
    let [r, g, b] = colour;
    let source = format!("color=c=0x{r:02x}{g:02x}{b:02x}:size=320x240:rate=10:duration={seconds}");
    Run::new(
        "ffmpeg",
        [
            "-loglevel",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            &source,
            "-c:v",
            "ffv1",
        ],
    )
    .arg(path)
    .run()
    .ok();
    path.to_owned()
}

/// A PDF of one page with a title, a coloured rectangle over most of it, and a line of text.
pub fn pdf(path: &Path, title: &str, colour: Colour) -> PathBuf {
    let [r, g, b] = colour.map(|part| f32::from(part) / 255.0);
    let drawing = format!(
        "{r:.4} {g:.4} {b:.4} rg 20 20 360 460 re f\n\
         0 g BT /F1 24 Tf 60 250 Td ({title}) Tj ET\n"
    );
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 500] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{drawing}endstream",
            drawing.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Title ({title}) >>"),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", text.len());
        text += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = text.len();
    let size = objects.len() + 1;
    text += &format!("xref\n0 {size}\n0000000000 65535 f \n{table}");
    text += &format!(
        "trailer\n<< /Size {size} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    write(path, text.as_bytes())
}

/// A file with this in it; its directory is made.
pub fn write(path: &Path, content: &[u8]) -> PathBuf {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
    }
    fs::write(path, content)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    path.to_owned()
}
