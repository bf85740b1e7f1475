//! Rectangles and regions, in whatever unit both sides of an operation have.

/// A rectangle; empty if a side is not positive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) w: i32,
    pub(super) h: i32,
}

impl Rect {
    pub(super) fn new(x: i32, y: i32, w: i32, h: i32) -> Self {
        Self { x, y, w, h }
    }

    pub(super) fn sized((w, h): (i32, i32)) -> Self {
        Self { x: 0, y: 0, w, h }
    }

    pub(super) fn is_empty(self) -> bool {
        self.w <= 0 || self.h <= 0
    }

    pub(super) fn size(self) -> (i32, i32) {
        (self.w, self.h)
    }

    pub(super) fn right(self) -> i32 {
        self.x.saturating_add(self.w)
    }

    pub(super) fn bottom(self) -> i32 {
        self.y.saturating_add(self.h)
    }

    pub(super) fn contains(self, (x, y): (f64, f64)) -> bool {
        x >= f64::from(self.x)
            && y >= f64::from(self.y)
            && x < f64::from(self.right())
            && y < f64::from(self.bottom())
    }

    pub(super) fn moved(self, x: i32, y: i32) -> Self {
        Self {
            x: self.x.saturating_add(x),
            y: self.y.saturating_add(y),
            ..self
        }
    }

    pub(super) fn scaled(self, by: i32) -> Self {
        Self {
            x: self.x.saturating_mul(by),
            y: self.y.saturating_mul(by),
            w: self.w.saturating_mul(by),
            h: self.h.saturating_mul(by),
        }
    }

    /// What both have; empty if nothing.
    pub(super) fn common(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        Self {
            x,
            y,
            w: self.right().min(other.right()).saturating_sub(x).max(0),
            h: self.bottom().min(other.bottom()).saturating_sub(y).max(0),
        }
    }

    /// The smallest that holds both.
    pub(super) fn hull(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            w: self.right().max(other.right()).saturating_sub(x),
            h: self.bottom().max(other.bottom()).saturating_sub(y),
        }
    }

    pub(super) fn covers(self, other: Self) -> bool {
        !self.is_empty() && self.common(other) == other
    }
}

/// A region as it was put together: each rectangle adds or takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Region(pub(super) Vec<(bool, Rect)>);

impl Region {
    pub(super) fn contains(&self, point: (f64, f64)) -> bool {
        self.0
            .iter()
            .rev()
            .find(|(_, rect)| rect.contains(point))
            .is_some_and(|(add, _)| *add)
    }

    /// Whether all of a rectangle is certainly in it: one of its parts has it, and none is taken away later.
    pub(super) fn covers(&self, rect: Rect) -> bool {
        self.0
            .iter()
            .rev()
            .take_while(|(add, part)| *add || part.common(rect).is_empty())
            .any(|(add, part)| *add && part.covers(rect))
    }
}

/// What has to be drawn anew: few rectangles, or one that holds them all.
#[derive(Debug, Clone, Default)]
pub(super) struct Damage(Vec<Rect>);

/// More rectangles than this are one.
const SEPARATE: usize = 32;

impl Damage {
    pub(super) fn add(&mut self, rect: Rect) {
        if rect.is_empty() || self.0.iter().any(|known| known.covers(rect)) {
            return;
        }
        self.0.retain(|known| !rect.covers(*known));
        self.0.push(rect);
        if self.0.len() > SEPARATE {
            let all = self.0.drain(..).fold(Rect::default(), Rect::hull);
            self.0.push(all);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Rect> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_rectangles_have_in_common() {
        let one = Rect::new(0, 0, 10, 10);
        assert_eq!(one.common(Rect::new(5, 5, 10, 10)), Rect::new(5, 5, 5, 5));
        assert!(one.common(Rect::new(10, 0, 5, 5)).is_empty());
        let far = Rect::new(i32::MAX - 1, 0, i32::MAX, 5);
        assert!(one.common(far).is_empty());
        assert_eq!(one.hull(Rect::new(20, 0, 1, 1)), Rect::new(0, 0, 21, 10));
    }

    #[test]
    fn a_region_is_the_sum_of_its_parts_in_order() {
        let region = Region(vec![
            (true, Rect::new(0, 0, 10, 10)),
            (false, Rect::new(0, 0, 5, 5)),
            (true, Rect::new(0, 0, 1, 1)),
        ]);
        assert!(region.contains((0.5, 0.5)) && region.contains((6.0, 6.0)));
        assert!(!region.contains((2.0, 2.0)) && !region.contains((11.0, 2.0)));
        assert!(region.covers(Rect::new(5, 5, 5, 5)));
        assert!(!region.covers(Rect::new(0, 0, 10, 10)));
    }

    #[test]
    fn damage_does_not_grow_without_end() {
        let mut damage = Damage::default();
        for n in 0..1000 {
            damage.add(Rect::new(2 * n, 0, 1, 1));
        }
        damage.add(Rect::new(3, 0, 0, 5));
        let rects = damage.take();
        assert!(rects.len() <= SEPARATE);
        assert!(rects.iter().any(|rect| rect.covers(Rect::new(0, 0, 1, 1))));
        assert!(damage.is_empty());
    }
}
