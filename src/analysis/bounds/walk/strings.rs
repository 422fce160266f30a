//! Strings: what `strcpy`, `sprintf` and `sscanf` write, as far as arguments and formats determine it.

use super::eval::{Eval, Frame};
use super::model::Called;
use crate::analysis::bounds::terms::formats::{conversions, digits};
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::sites::{Hint, SiteKind, Use};
use crate::analysis::bounds::terms::state::{Key, Path};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What, Wire};
use crate::hir::{ExprKind, UnaryOp};
use crate::program::catalog::model::Sink;

impl Eval<'_> {
    /// The length of a string without its NUL: the same symbol until the string may have changed.
    pub(super) fn length_of_string(&mut self, text: Linear, span: crate::source::Span) -> Linear {
        let literal = self.symbols.buffer(&text).filter(|(_, b)| b.room == Room::Text && b.wire == Wire::No);
        if let Some((_, buffer)) = literal
            && let Some(length) = buffer.limit.sub(&text).and_then(|l| l.as_constant())
        {
            // The quotes do not count.
            return Linear::constant((length - 2).max(0));
        }
        let greatest = self.longest_literal(&text);
        let id = self.paths.text("strlen");
        let since = self.state.since(&Key { base: text, path: Path::ITSELF }, &self.paths);
        if let Some(length) = self.copied.get(&(text, since)) {
            return *length;
        }
        let (s, new) = self.symbols.get(What::Pure(id, text, Linear::constant(i64::from(since))), Some(0), greatest);
        if new {
            let buffer = self.symbols.buffer(&text).map(|(_, b)| b);
            let behind = |b: Buffer| b.limit.sub(&text)?.sub(&Linear::symbol(s));
            // A string in an array ends inside it.
            let array = buffer.filter(|b| matches!(b.room, Room::Array | Room::Allocated));
            let ends = array.and_then(|b| behind(b)?.plus_constant(-1));
            // A buffer with a known length is at least as long as the string measured in it.
            if let Some(fact) = buffer.filter(|b| b.room == Room::Given).and_then(behind) {
                let nul = i64::from(self.is_written_to(&text));
                fact.plus_constant(-nul).into_iter().for_each(|fact| self.facts.add(self.at, fact));
            }
            let info = self.symbols.info_mut(s);
            info.span = Some(span);
            info.wire = buffer.map_or(Wire::No, |b| b.wire).max(Wire::Faint);
            info.axioms.extend(ends);
        }
        let length = Linear::symbol(s);
        if self.is_not_empty(text, since) {
            length.plus_constant(-1).into_iter().for_each(|fact| self.facts.add(self.at, fact));
        }
        length
    }

    /// A condition implies that the first byte of the string is not NUL.
    fn is_not_empty(&self, text: Linear, since: u32) -> bool {
        let first = self.symbols.find(&What::Load { base: text, path: Path::ITSELF, since });
        let Some(first) = first.map(Linear::symbol) else { return false };
        let is_more = |fact: &Linear| fact.sub(&first).and_then(|rest| rest.as_constant()).is_some_and(|n| n < 0);
        self.facts.conditions(self.at).any(|(_, own, apart)| apart.contains(&first) || own.iter().any(is_more))
    }

    /// One of several literals: at most as long as the longest.
    fn longest_literal(&self, text: &Linear) -> Option<i64> {
        let Source::Joined(values) = &self.symbols.info(text.as_symbol()?).source else { return None };
        let lengths: Option<Vec<i64>> = values
            .iter()
            .map(|(value, _)| {
                let (_, buffer) = self.symbols.buffer(value).filter(|(_, b)| b.room == Room::Text)?;
                // The quotes do not count.
                Some((buffer.limit.sub(value)?.as_constant()? - 2).max(0))
            })
            .collect();
        lengths?.into_iter().max()
    }

    /// `size` bytes at `address` are part of the string there, including its NUL.
    pub(super) fn is_string(&self, address: &Linear, size: &Linear) -> bool {
        let [(s, 1)] = size.terms() else { return false };
        let text = match self.symbols.info(*s).what {
            What::Pure(id, text, _) if self.paths.name(id) == "strlen" => text,
            _ => return false,
        };
        text == *address && size.constant <= 1
    }

    /// A parameter for a string to be built, `char *out, size_t size`: its NUL has to fit as well.
    fn is_written_to(&self, text: &Linear) -> bool {
        text.terms().iter().any(|(s, _)| match self.symbols.info(*s).what {
            What::Parameter(i) => {
                let declared = self.variables.get(i as usize).map_or("", |variable| variable.declared);
                declared.contains("char") && !declared.contains("const")
            }
            _ => false,
        })
    }

    /// `strcpy`, `strcat`, `strncat`, which takes at most `most` bytes; returns the length of the resulting string.
    pub(super) fn string_copy(
        &mut self,
        f: &Frame,
        call: &Called,
        dst: Linear,
        src: Linear,
        most: Option<Linear>,
    ) -> Option<Linear> {
        // `pj_strcpy(&a, &b)`: an object that holds a string.
        let objects = call.args.iter().any(|&arg| matches!(f.body.expr(arg).kind, ExprKind::Unary { op: UnaryOp::AddressOf, operand } if !matches!(f.body.expr(operand).kind, ExprKind::Index { .. })));
        if objects {
            return None;
        }
        let mut length = self.length_of_string(src, call.span);
        let mut hint = Hint::Nothing;
        let before = match call.name.contains("cat") && !self.is_end_of_string(&dst) {
            true => self.length_of_string(dst, call.span),
            false => Linear::ZERO,
        };
        length = length.add(&before)?;
        if let Some(most) = most {
            if let Some((start, buffer)) = self.symbols.buffer(&dst)
                && let Some(more) = buffer.limit.sub(&Linear::symbol(start)).and_then(|size| most.sub(&size))
                && matches!(more.as_constant(), Some(-1 | 0))
            {
                hint = Hint::Capacity;
            }
            let left = self.symbols.buffer(&dst).and_then(|(_, buffer)| buffer.left(&dst, &before));
            if left == Some(most) && most.has_terms() {
                hint = Hint::Left;
            }
            length = self.least_of(length, most.add(&before)?, call.span);
        }
        self.hinted_block(f, call, Use::Write, dst, length.plus_constant(1)?, hint);
        Some(length)
    }

    /// `s + strlen(s)`: the address of the NUL.
    fn is_end_of_string(&self, address: &Linear) -> bool {
        address.terms().iter().any(|(s, k)| match self.symbols.info(*s).what {
            What::Pure(id, text, since) if *k == 1 && self.paths.name(id) == "strlen" => {
                let now = self.state.since(&Key { base: text, path: Path::ITSELF }, &self.paths);
                since == Linear::constant(i64::from(now)) && address.sub(&text) == Some(Linear::symbol(*s))
            }
            _ => false,
        })
    }

    /// The smaller of two lengths.
    fn least_of(&mut self, a: Linear, b: Linear, span: crate::source::Span) -> Linear {
        let wire = self.symbols.wire(&a);
        let s = self.symbols.fresh(Some(0), None);
        let axioms = [a, b].into_iter().filter_map(|n| n.sub(&Linear::symbol(s)));
        let info = self.symbols.info_mut(s);
        info.axioms = axioms.collect();
        (info.wire, info.span) = (wire, Some(span));
        Linear::symbol(s)
    }

    /// Records the length of the string at `text`.
    pub(super) fn has_length(&mut self, text: &Linear, length: Linear) {
        let since = self.state.since(&Key { base: *text, path: Path::ITSELF }, &self.paths);
        self.copied.insert((*text, since), length);
    }

    /// `strncpy(a, b, sizeof(a))`, with no element of `a` set afterwards.
    pub(super) fn filled(&mut self, f: &Frame, call: &Called, sink: &Sink, of: (Linear, Linear, Linear)) {
        let (dst, src, size) = of;
        let Some((_, buffer)) = self.symbols.buffer(&dst).filter(|(_, b)| b.room == Room::Array) else { return };
        let literal = self.symbols.buffer(&src).is_some_and(|(_, b)| b.room == Room::Text);
        let whole = buffer.left(&dst, &size) == Some(Linear::ZERO) && !literal;
        let Some(&arg) = sink.dst.and_then(|arg| call.args.get(arg.index()?)).filter(|_| whole && f.depth == 0) else {
            return;
        };
        let code = &self.cx.program.units[self.file.0 as usize].base.code;
        let name = code.get(f.body.expr(arg).span.range()).unwrap_or_default();
        let behind = code.get(call.span.end as usize..self.function.span.end as usize).unwrap_or_default();
        let is_set = |(at, _): (usize, &str)| behind[at + name.len()..].trim_start().starts_with('[');
        if name.is_empty() || behind.match_indices(name).any(is_set) {
            return;
        }
        let length = self.length_of_string(src, call.span);
        if let Some(goal) = size.sub(&length).and_then(|rest| rest.plus_constant(-1)) {
            self.site(f, call.e, SiteKind::Filled { goal, address: dst, buffer, callee: call.name.into() });
        }
    }

    /// `sprintf`
    pub(super) fn printed(&mut self, f: &Frame, call: &Called, sink: &Sink, dst: Linear) {
        let Some(size) = self.printed_size(f, call, sink) else { return };
        let left = self.symbols.buffer(&dst).and_then(|(_, buffer)| buffer.left(&dst, &size)?.as_constant());
        // If types alone do not show that it fits, conditions may.
        if matches!(left, Some(..0)) {
            self.note_numbers(f, call, sink);
        }
        self.block_site(f, call, Use::Write, dst, size);
    }

    /// Keeps the printed decimal numbers until all facts about them are known.
    fn note_numbers(&mut self, f: &Frame, call: &Called, sink: &Sink) {
        let Some((format, at)) = self.format(f, call, sink) else { return };
        let mut arg = at + 1;
        for c in conversions(&format, false).1 {
            arg += c.stars;
            if let (Some(value), Some(most), 'd' | 'i' | 'u') =
                (call.values.get(arg).map(|v| v.linear), digits(c.kind, c.bits), c.kind)
            {
                self.printed.push((call.span, value, most.max(c.width)));
            }
            arg += usize::from(c.kind != '%');
        }
    }

    /// The maximal number of bytes printed with a literal format, including the NUL.
    pub(super) fn printed_size(&mut self, f: &Frame, call: &Called, sink: &Sink) -> Option<Linear> {
        let (format, at) = self.format(f, call, sink)?;
        let (literal, conversions) = conversions(&format, false);
        let mut size = Linear::constant(literal + 1);
        let mut arg = at + 1;
        for c in &conversions {
            arg += c.stars;
            let value = call.values.get(arg).map(|v| v.linear);
            arg += usize::from(c.kind != '%');
            let part = match (digits(c.kind, c.bits), c.kind, value) {
                (Some(n), kind, value) => {
                    let greatest = value.and_then(|v| {
                        self.symbols.least(&v).filter(|least| *least >= 0)?;
                        self.symbols.greatest(&v)
                    });
                    let decimal = greatest.filter(|_| matches!(kind, 'd' | 'i' | 'u'));
                    let hex = greatest.filter(|_| matches!(kind, 'x' | 'X'));
                    let most = decimal.map(|n| i64::from(n.max(1).ilog10()) + 1);
                    let most = most.or(hex.map(|n| i64::from(n.max(1).ilog2() / 4) + 1));
                    Linear::constant((most.map_or(n, |most| most.min(n)) + c.prefix).max(c.width))
                }
                (None, 's', _) if c.limit.is_some() => Linear::constant(c.limit?),
                (None, 's', Some(_)) if c.limited => call.values.get(arg.checked_sub(2)?)?.linear,
                (None, 's', Some(text)) => self.length_of_string(text, call.span),
                _ => return None,
            };
            size = size.add(&part)?;
        }
        Some(size)
    }

    /// `sscanf`
    pub(super) fn scanned(&mut self, f: &Frame, call: &Called, sink: &Sink) {
        let Some((format, at)) = self.format(f, call, sink) else { return };
        let (_, conversions) = conversions(&format, true);
        let source = sink.src.and_then(|src| call.values.get(src.index()?)).map(|v| v.linear);
        let mut arg = at;
        for c in conversions.iter().filter(|c| !c.skipped && c.kind != '%') {
            arg += 1;
            let Some(dst) = call.values.get(arg).map(|v| v.linear) else { return };
            let size = match (c.kind, c.limit) {
                ('s' | '[', Some(width)) => Some(Linear::constant(width + 1)),
                ('c', width) => Some(Linear::constant(width.unwrap_or(1))),
                ('s' | '[', None) => source.and_then(|text| self.length_of_string(text, call.span).plus_constant(1)),
                _ => None,
            };
            match (c.limit, size) {
                (None, Some(size)) if c.kind != 'c' => {
                    let buffer = self.buffer_for(&dst, Use::Write).map(|(_, buffer)| buffer);
                    self.site(f, call.e, SiteKind::Scan { address: dst, size, buffer });
                }
                (_, Some(size)) => self.block_site(f, call, Use::Write, dst, size),
                _ => {}
            }
            self.changed_behind(&dst, Wire::Faint);
        }
    }

    /// A call's format, if it is a literal, and its argument index.
    fn format(&self, f: &Frame, call: &Called, sink: &Sink) -> Option<(String, usize)> {
        let at = sink.fmt?.index()?;
        match f.body.expr(*call.args.get(at)?).kind {
            ExprKind::String(text) => Some((f.body.names.text(text).to_owned(), at)),
            _ => None,
        }
    }
}
