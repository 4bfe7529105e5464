//! What a column stands for, how it is shown, and when it is compared.

use abi::{Bit, Condition, compare, display};

use super::column::ColumnDeclaration;
use super::number::ALWAYS;

impl ColumnDeclaration<'_> {
    /// The number says, as flags of clone(2), what a new task shares with its creator.
    pub fn shares(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::SHARES;
        self
    }

    /// Holds the path of a name that the call makes.
    pub fn makes(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::MADE_PATH;
        self
    }

    /// Holds the path of a name that the call takes away.
    pub fn removes(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::REMOVED_PATH;
        self
    }

    /// Holds a descriptor that data is taken from and no more.
    pub fn taken_from(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::SOURCE;
        self
    }

    /// Holds the user or group that a file belongs to.
    pub fn owner(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::OWNER;
        self
    }

    /// Holds the text of a symbolic link.
    pub fn target(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::TARGET;
        self
    }

    /// Holds a string of the environment.
    pub fn environment(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::ENVIRONMENT;
        self
    }

    /// Holds data that is moved, unless its type says that it is something else.
    pub(super) fn payload(&mut self) {
        let role = &mut self.declared().column.role;
        if *role == abi::role::NONE {
            *role = abi::role::PAYLOAD;
        }
    }

    /// The original schema's type doesn't have this column.
    pub fn added(&mut self) -> &mut Self {
        self.declared().column.added = 1;
        self
    }

    /// Names the bits, and makes boolean columns of them.
    pub fn bits(&mut self, bits: &[Bit]) -> &mut Self {
        self.bits_when(bits, ALWAYS)
    }

    /// As [`Self::bits`], where the number means them only if `condition` holds.
    pub fn bits_when(&mut self, bits: &[Bit], condition: Condition) -> &mut Self {
        let declared = self.declared();
        if declared.column.display == display::PLAIN {
            declared.column.display = display::FLAGS;
        }
        declared.bits.extend(bits.iter().map(|bit| Bit { when: condition, ..*bit }));
        self
    }

    /// Shows the number as `display`, one of [`abi::display`].
    pub fn shown(&mut self, display: u32) -> &mut Self {
        self.declared().column.display = display;
        self
    }

    /// Compared when data is verified.
    pub fn compared(&mut self) -> &mut Self {
        self.declared().column.compare = compare::EQUAL;
        self
    }

    /// Never compared: what the column holds is expected to change.
    pub fn not_compared(&mut self) -> &mut Self {
        self.declared().column.compare = compare::NONE;
        self.declared().is_never_compared = true;
        self
    }

    /// Compared only if `condition` holds for the replayed call.
    pub fn compared_when(&mut self, condition: Condition) -> &mut Self {
        self.declared().column.compare_when = condition;
        self.compared()
    }
}
