//! Both ends of a conversation of one line: `tcp ADDRESS:PORT`, `udp ADDRESS:PORT`, `unix PATH`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

/// What was heard, or why nothing was.
type Attempt = Result<String, String>;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(5));
const LINE: &str = "hello\n";

/// Answers each line with a name before it, until it is killed.
pub fn serve(kind: &str, place: &str, name: &str) -> Attempt {
    let answer = |mut stream: Box<dyn Duplex>| {
        let mut line = String::new();
        let _ = BufReader::new(&mut stream).read_line(&mut line);
        let _ = stream.write_all(format!("{name} heard {line}").as_bytes());
    };
    let run = || -> io::Result<()> {
        match kind {
            "tcp" => {
                for stream in TcpListener::bind(place)?.incoming() {
                    answer(Box::new(stream?));
                }
            }
            "unix" => {
                for stream in UnixListener::bind(place)?.incoming() {
                    answer(Box::new(stream?));
                }
            }
            "udp" => {
                let socket = UdpSocket::bind(place)?;
                let mut buffer = [0; 512];
                loop {
                    let (length, peer) = socket.recv_from(&mut buffer)?;
                    let line = String::from_utf8_lossy(&buffer[..length]);
                    socket.send_to(format!("{name} heard {line}").as_bytes(), peer)?;
                }
            }
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        Ok(())
    };
    run()
        .map(|()| String::new())
        .map_err(|error| error.to_string())
}

/// Says a line and tells what was answered.
pub fn talk(kind: &str, place: &str) -> Attempt {
    let run = || -> io::Result<String> {
        let mut answer = String::new();
        match kind {
            "tcp" => {
                let mut stream = TcpStream::connect(place)?;
                stream.set_read_timeout(PATIENCE)?;
                stream.write_all(LINE.as_bytes())?;
                stream.read_to_string(&mut answer)?;
            }
            "unix" => {
                let mut stream = UnixStream::connect(place)?;
                stream.set_read_timeout(PATIENCE)?;
                stream.write_all(LINE.as_bytes())?;
                stream.read_to_string(&mut answer)?;
            }
            "udp" => {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                socket.set_read_timeout(PATIENCE)?;
                socket.connect(place)?;
                socket.send(LINE.as_bytes())?;
                let mut buffer = [0; 512];
                let length = socket.recv(&mut buffer)?;
                answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
            }
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        if answer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    };
    run().map_err(|error| error.to_string())
}

trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}
