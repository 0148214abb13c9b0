//! Pages for people, in the dresses of those who send them: Cloudflare, nginx, Apache, sign-in
//! pages and identity providers.

use super::fault::Fault;
use super::http::{Reply, reason};

/// One dress of a sign-in page; all have status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// `text/html; charset=utf-8`, as GitLab sends it.
    Plain,
    /// `TEXT/HTML;CHARSET=UTF-8`.
    Upper,
    /// `text/html ; charset=utf-8`, with a blank before the parameter.
    Spaced,
    /// No media type at all.
    Untyped,
    /// `application/json`, which it is not.
    Mistyped,
    /// `application/xhtml+xml`, with an XML declaration and the doctype of XHTML.
    Xhtml,
    /// Blank lines before the doctype.
    Whitespace,
    /// A byte order mark before the doctype.
    Bom,
    /// A comment before the doctype.
    Comment,
    /// No doctype, and no `html` element either.
    Bare,
}

impl SignIn {
    pub const ALL: [SignIn; 10] = [
        SignIn::Plain,
        SignIn::Upper,
        SignIn::Spaced,
        SignIn::Untyped,
        SignIn::Mistyped,
        SignIn::Xhtml,
        SignIn::Whitespace,
        SignIn::Bom,
        SignIn::Comment,
        SignIn::Bare,
    ];

    pub fn reply(self) -> Reply {
        let page = "<!DOCTYPE html><html><head><title>Sign in · GitLab</title></head></html>";
        let xhtml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \
            \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
            <html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>Sign in</title></head></html>";
        let usual = "text/html; charset=utf-8";
        let (kind, body) = match self {
            SignIn::Plain => (usual, page.to_owned()),
            SignIn::Upper => ("TEXT/HTML;CHARSET=UTF-8", page.to_uppercase()),
            SignIn::Spaced => ("text/html ; charset=utf-8", page.to_owned()),
            SignIn::Untyped => ("", page.to_owned()),
            SignIn::Mistyped => ("application/json", page.to_owned()),
            SignIn::Xhtml => ("application/xhtml+xml", xhtml.to_owned()),
            SignIn::Whitespace => (usual, format!("\r\n\r\n\t {page}")),
            SignIn::Bom => (usual, format!("\u{feff}{page}")),
            SignIn::Comment => (usual, format!("<!-- Single Sign-On -->\n{page}")),
            SignIn::Bare => (usual, "<title>Sign in</title><form></form>".to_owned()),
        };
        Reply::new(200, kind, body)
    }
}

/// A status in the dress of nginx.
pub fn nginx(status: u16) -> Reply {
    let title = format!("{status} {}", reason(status));
    Reply::new(
        status,
        "text/html",
        format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
             </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        ),
    )
    .header("Server", "nginx")
}

/// 404 in the dress of Apache, which refuses `%2F` in a path unless told otherwise.
pub fn apache_404() -> Reply {
    let body = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n\
        <title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n\
        <p>The requested URL was not found on this server.</p>\n</body></html>\n";
    Reply::new(404, "text/html; charset=iso-8859-1", body).header("Server", "Apache/2.4.62")
}

/// A status in the dress of Cloudflare, which stands before gitlab.com.
pub fn cloudflare(status: u16) -> Reply {
    let why = match status {
        520 => "Web server is returning an unknown error",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        530 => "Origin DNS error",
        other => reason(other),
    };
    let body = format!(
        "<!DOCTYPE html>\n<!--[if lt IE 7]> <html class=\"no-js ie6 oldie\" lang=\"en-US\"> \
         <![endif]-->\n<html lang=\"en-US\"><head><title>gitlab.test | {status}: {why}</title>\
         </head><body><div id=\"cf-wrapper\"><h1>{why} <span>Error code {status}</span></h1>\
         </div></body></html>\n"
    );
    Reply::new(status, "text/html; charset=UTF-8", body)
        .header("Server", "cloudflare")
        .header("CF-RAY", "8f0a1b2c3d4e5f60-FRA")
}

/// Pages, scripted for single requests.
impl Fault {
    /// A status, 520 to 530 for instance, in the dress of Cloudflare.
    pub fn cloudflare(self, status: u16) -> Fault {
        self.reply(cloudflare(status))
    }

    /// A status in the dress of nginx.
    pub fn nginx(self, status: u16) -> Fault {
        self.reply(nginx(status))
    }

    /// Apache's 404.
    pub fn apache_404(self) -> Fault {
        self.reply(apache_404())
    }

    /// A page for people, with status 200, where data were asked for.
    pub fn sign_in_page(self) -> Fault {
        self.sign_in(SignIn::Plain)
    }

    /// Such a page in another dress.
    pub fn sign_in(self, dress: SignIn) -> Fault {
        self.reply(dress.reply())
    }

    /// 302 to GitLab's own page, below the root of the server.
    pub fn sign_in_redirect(self) -> Fault {
        self.redirect("{web}/users/sign_in")
    }

    /// 302 to an identity provider of another origin, which answers with a page.
    pub fn identity_provider(self) -> Fault {
        self.redirect("{store}/sso/authorize?client_id=gitlab&state=5f3a")
    }
}
