//! Expressions for display, in the words of the source.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::What;

/// Longer source texts are truncated.
const MAX_TEXT: usize = 40;

impl Walked {
    /// `linear` in the words of `text`, the text of its file.
    pub fn shown(&self, linear: &Linear, text: &str) -> String {
        let mut shown = String::new();
        // Added terms first, then subtracted ones.
        let variable = |s: Sym| self.symbols.info(s).name.is_some();
        let named = linear.terms().iter().map(|&(s, k)| (self.shown_symbol(s, text), k, variable(s)));
        let (mut plus, mut minus): (Vec<_>, Vec<_>) = named.partition(|(_, k, _)| *k > 0);
        // The initial and the current value of one variable.
        let as_it_was = |now: &(String, i32, bool)| (now.0.clone(), 1, true);
        if let Some(at) = minus.iter().position(|now| now.1 == -1 && now.2 && plus.contains(&as_it_was(now))) {
            let now = minus.remove(at);
            plus.retain(|term| *term != as_it_was(&now));
            minus.insert(0, (format!("({0} - start of {0})", now.0), -1, true));
        }
        for (name, k, _) in plus.into_iter().chain(minus) {
            let sign = match (k > 0, shown.is_empty()) {
                (true, true) => "",
                (true, false) => " + ",
                (false, true) => "-",
                (false, false) => " - ",
            };
            shown += sign;
            if k.abs() != 1 {
                shown += &format!("{}*", k.abs());
            }
            shown += &name;
        }
        match (linear.constant, shown.is_empty()) {
            (c, true) => c.to_string(),
            (0, false) => shown,
            (c, false) if c > 0 => format!("{shown} + {c}"),
            (c, false) => format!("{shown} - {}", c.unsigned_abs()),
        }
    }

    fn shown_symbol(&self, s: Sym, text: &str) -> String {
        let info = self.symbols.info(s);
        if let Some(name) = info.name {
            return self.paths.name(name).to_owned();
        }
        if let What::Size(id) = info.what {
            return format!("sizeof({})", self.paths.name(id));
        }
        if let What::Load { base, path, .. } = info.what
            && path == Path::ITSELF
            && let Some(What::Global(id)) = base.as_symbol().map(|s| self.symbols.info(s).what)
        {
            return self.paths.name(id).to_owned();
        }
        if let What::Load { base, path, .. } = info.what
            && let Some((outer, field)) = self.paths.last(path)
            && base.terms().len() <= 2
        {
            let mut shown = self.shown(&base, text);
            if base.as_symbol().is_none() {
                shown = format!("({shown})");
            }
            let fields = self.paths.fields(outer);
            let dots = fields.iter().map(|f| self.paths.name(*f)).chain([self.paths.name(field)]);
            let object = base.as_symbol().is_some_and(|s| matches!(self.symbols.info(s).what, What::Local(_)));
            shown += if object { "." } else { "->" };
            shown += &dots.collect::<Vec<_>>().join(".");
            return shown;
        }
        let source = info.span.and_then(|span| text.get(span.range())).unwrap_or("?");
        let flat: Vec<&str> = source.split_whitespace().collect();
        let flat = flat.join(" ");
        match flat.char_indices().nth(MAX_TEXT) {
            Some((cut, _)) => format!("{}…", &flat[..cut]),
            None => flat,
        }
    }
}
