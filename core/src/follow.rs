//! Following a trace without replaying it: what calls say of descriptors and names, by the roles that their plugins
//! declare of columns, and what tasks have of them from then on. Nothing is looked at on disk, and no call is named.

mod paths;
mod places;
mod seen;
mod whereabouts;

pub use paths::{ancestors, parent, plain};
pub use places::{Name, Places};
pub use seen::{Seen, Shares};
pub use whereabouts::{Named, Whereabouts};
