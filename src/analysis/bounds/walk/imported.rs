//! Facts about a callee, in terms of a call's arguments.

use super::eval::Eval;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::summary::{Template, Term};
use crate::analysis::bounds::terms::symbols::What;
use crate::analysis::bounds::terms::types::Kind;
use crate::source::Span;

impl Eval<'_> {
    /// A callee's expression, in terms of a call's arguments.
    pub(super) fn imported(&mut self, template: &Template, args: &[Value], span: Span) -> Option<Linear> {
        let mut sum = Linear::constant(template.constant);
        for (term, k) in &template.terms {
            let value = match term {
                Term::Parameter(i) => args.get(*i as usize)?.linear,
                Term::Load { base, path, bits } => {
                    let base = self.imported(base, args, span)?;
                    let key = self.key_of(base, path);
                    let kind = match bits {
                        Some((bits @ (8 | 16 | 32), signed)) => Kind::Int { bits: *bits, signed: *signed },
                        _ => Kind::Unknown,
                    };
                    if path.is_empty()
                        && let Some(s) = base.as_symbol()
                        && let What::Local(var) = self.symbols.info(s).what
                        && !self.variables[var as usize].in_memory
                    {
                        self.state.var(var)?.linear
                    } else {
                        self.recall(key, kind, None, span).linear
                    }
                }
                Term::Size(text) => {
                    let id = self.paths.text(text);
                    Linear::symbol(self.symbols.get(What::Size(id), Some(1), Some(1 << 20)).0)
                }
            };
            sum = sum.plus(&value, *k)?;
        }
        Some(sum)
    }

    /// The key of a field of what an address points to.
    fn key_of(&mut self, address: Linear, fields: &[Box<str>]) -> Key {
        let Key { base, path } = match fields {
            [] => Key { base: address, path: Path::ITSELF },
            _ => self.led_to(address, Kind::Unknown).key,
        };
        Key { base, path: fields.iter().fold(path, |path, field| self.paths.field(path, field)) }
    }
}
