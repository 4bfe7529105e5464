//! A declaration in words, for people: where a column's value comes from, and what a call is to its process.

use abi::{Place, condition, fetch, place};

use crate::call::{Call, Changes, Column, Condition, Display, Op, Returns, Role, RowRule, Source};

impl Call {
    /// Where the value of `column`, which is one of this type's, comes from: "bytes at argument 1, as many as
    /// were returned".
    pub fn capture(&self, column: &Column) -> String {
        let first = self.any_of(&column.sources);
        let following = self.any_of(&column.elements);
        match (first.is_empty(), following.is_empty()) {
            (true, true) if self.encode.is_some() => "what the plugin itself finds".to_owned(),
            (true, true) => "nothing".to_owned(),
            (false, true) => first,
            (true, false) => format!("in each row that follows, {following}"),
            (false, false) => format!("{first}; in each row that follows, {following}"),
        }
    }

    /// The first of `sources` whose conditions hold.
    fn any_of(&self, sources: &[Source]) -> String {
        let mut unless = Vec::new();
        let mut places = Vec::new();
        for source in sources {
            let when = source.when.iter().filter(|when| **when != Condition::ALWAYS);
            let when: Vec<String> = when.map(|when| self.condition(when)).collect();
            // Where there is no value, those that follow don't apply.
            if source.op == Op::Number && source.place.kind == place::NONE {
                unless.push(when.join(" and "));
                continue;
            }
            let mut place = self.source(source);
            if !when.is_empty() {
                place += &format!(", if {}", when.join(" and "));
            }
            if !unless.is_empty() {
                place += &format!(", unless {}", unless.join(" or "));
            }
            places.push(place);
        }
        places.join("; or ")
    }

    fn source(&self, source: &Source) -> String {
        let Source { op, place, mask, value, .. } = source;
        let number = self.place(*place);
        match op {
            Op::Number if *mask == 0 => number,
            Op::Number => format!("bits {mask:#x} of {number}"),
            Op::Equal => format!("whether {}", equal(&number, *mask, *value)),
            Op::Any => format!("whether {number} has a bit of {mask:#x}"),
            Op::Bytes => self.bytes(*value as usize, *place),
            Op::Timespec => format!("the timespec {}", self.spot(*place)),
            Op::Timeval => format!("the timeval {}", self.spot(*place)),
            Op::Seconds => format!("the seconds {}", self.spot(*place)),
            Op::ElementNumber => "the item's number".to_owned(),
            Op::ElementLength => "the item's length".to_owned(),
            Op::ElementBytes => format!("the bytes of the item, {}", self.items()),
            Op::ElementAddress => "the item's address".to_owned(),
            Op::Beside => "bytes that belong to the item, too".to_owned(),
        }
    }

    /// The bytes of fetch `number`, at most as many as `limit` says.
    fn bytes(&self, number: usize, limit: Place) -> String {
        let Some(fetch) = self.fetches.get(number) else { return "nothing".to_owned() };
        let at = self.pointer(fetch.address);
        let after = if fetch.at_exit != 0 { "" } else { " before the call" };
        let length = if limit.kind == place::NONE { fetch.length } else { limit };
        match fetch.op {
            fetch::STRING => format!("the string at {at}, with its NUL"),
            fetch::BYTES if length.kind == place::CONSTANT => {
                format!("{} bytes at {at}{after}", length.offset)
            }
            fetch::BYTES => format!("bytes at {at}, as many as {}", self.as_many(length)),
            fetch::VECTORS => format!("the buffers of the I/O vectors at {at}"),
            fetch::STRINGS => format!("the strings at {at}"),
            fetch::STRUCTURES => format!("the structures at {at}"),
            other => format!("what op {other} brings, which is unknown here"),
        }
    }

    fn as_many(&self, length: Place) -> String {
        match length.kind {
            place::RETURN => "were returned".to_owned(),
            place::RETURN_TIMES => format!("{} times the return value", length.offset),
            _ => format!("{} says", self.place(length)),
        }
    }

    /// What the rows that follow the first one are of.
    fn items(&self) -> String {
        let RowRule::HeadFirst { fetch, .. } = self.rows else { return "one for each".to_owned() };
        let fetched = &self.fetches[fetch];
        let at = self.pointer(fetched.address);
        let many = self.as_many(fetched.length);
        match fetched.op {
            fetch::STRINGS => format!("a string of the list at {at}"),
            fetch::VECTORS => format!("an I/O vector of those at {at}, as many as {many}"),
            _ => format!("a structure of {} bytes at {at}, as many as {many}", fetched.item.size),
        }
    }

    /// A number's place.
    fn place(&self, place: Place) -> String {
        let Place { kind, index, width, offset, .. } = place;
        match kind {
            place::CONSTANT => offset.to_string(),
            place::ARGUMENT => format!("argument {index}"),
            place::RETURN => "the return value".to_owned(),
            place::ERRNO => "the errno".to_owned(),
            place::MEMORY => {
                format!("the {}-bit number {}", 8 * u32::from(width), self.spot(place))
            }
            place::ELEMENT => {
                format!("the {}-bit number at byte {offset} of the item", 8 * u32::from(width))
            }
            place::LENGTH => match self.fetches.get(usize::from(index)) {
                Some(fetch) => format!("the length of what is at {}", self.pointer(fetch.address)),
                None => "nothing".to_owned(),
            },
            place::ARGUMENT_BITS => {
                let last = offset + u32::from(width).max(1) - 1;
                format!("bits {offset} to {last} of argument {index}")
            }
            place::ARGUMENT_TIMES => format!("{offset} times argument {index}"),
            place::RETURN_TIMES => format!("{offset} times the return value"),
            _ => "nothing".to_owned(),
        }
    }

    /// Where in fetched memory something lies.
    fn spot(&self, place: Place) -> String {
        let Some(fetch) = self.fetches.get(usize::from(place.index)) else {
            return "nowhere".to_owned();
        };
        let after = if fetch.at_exit != 0 { "after" } else { "before" };
        let offset = match place.offset {
            0 => String::new(),
            offset => format!("byte {offset} of "),
        };
        let at = self.pointer(fetch.address);
        format!("at {offset}{at} {after} the call")
    }

    /// What a fetch's address is.
    fn pointer(&self, address: Place) -> String {
        match address.kind {
            place::ARGUMENT => format!("argument {}", address.index),
            place::MEMORY => {
                let fetch = self.fetches.get(usize::from(address.index));
                let within = fetch.map_or_else(String::new, |fetch| self.pointer(fetch.address));
                format!("the pointer at byte {} of {within}", address.offset)
            }
            _ => self.place(address),
        }
    }

    /// A condition, behind "if".
    pub fn condition(&self, condition: &Condition) -> String {
        let abi::Condition { op, place, mask, value } = condition.0;
        let number = self.place(place);
        match op {
            condition::ALWAYS => "anything".to_owned(),
            condition::SUCCESS => "the call succeeds".to_owned(),
            condition::FAILURE => "the call fails".to_owned(),
            condition::EQUAL => equal(&number, mask, value),
            condition::NOT_EQUAL => equal(&number, mask, value).replacen(" is ", " is not ", 1),
            condition::ANY => format!("{number} has a bit of {mask:#x}"),
            condition::ONE_OF => {
                let values = (0..64).filter(|bit| mask >> bit & 1 != 0);
                let values: Vec<String> = values.map(|value| value.to_string()).collect();
                format!("{number} is one of {}", values.join(", "))
            }
            _ => "never".to_owned(),
        }
    }

    /// What becomes of it in a replay.
    pub fn on_replay(&self) -> String {
        match &self.simulated {
            None => "made".to_owned(),
            Some(why) if self.partly => format!("made, or simulated: {why}"),
            Some(why) if self.networked => {
                format!("simulated: {why}; made with `--net loopback`")
            }
            Some(why) => format!("simulated: {why}"),
        }
    }

    /// What the call is to its process, to the order of a replay and to its records.
    pub fn roles(&self) -> Vec<String> {
        let mut roles = Vec::new();
        let mut say = |is: bool, what: &str| {
            if is {
                roles.push(what.to_owned());
            }
        };
        let sometimes = if self.returns_when == Condition::ALWAYS { "" } else { "sometimes " };
        let returned = match self.returns {
            Returns::Number => None,
            Returns::Descriptor => Some("returns a descriptor"),
            Returns::Child => Some("returns a task"),
            Returns::Address => Some("returns an address"),
            Returns::Status => Some("returns success"),
            Returns::Never => Some("does not return"),
        };
        if let Some(returned) = returned {
            say(true, &format!("{sometimes}{returned}"));
        }
        say(self.looks == Condition::ALWAYS, "looks");
        say(self.looks != Condition::ALWAYS && self.looks != Condition::NEVER, "sometimes looks");
        say(self.changes == Changes::Nothing, "changes no file");
        say(self.changes == Changes::Descriptors, "changes what its descriptors are open on");
        say(self.changes == Changes::Program, "runs a program");
        say(self.privileged, "may need rights");
        say(self.changes_fs, "changes directory, root or umask");
        say(self.keeps_offset, "leaves descriptors as they are");
        say(self.blocks, "waits");
        say(self.cpus, "tells CPUs");
        say(self.rows != RowRule::Single, "rows");
        say(self.at_entry, "recorded at entry");
        roles
    }
}

/// That `number`'s bits of `mask` are `value`.
fn equal(number: &str, mask: u64, value: u64) -> String {
    match mask {
        0xffff_ffff => format!("{number} is {}", value as i32),
        u64::MAX => format!("{number} is {}", value as i64),
        mask => format!("{number} & {mask:#x} is {value:#x}"),
    }
}

impl Role {
    /// In words, if it is anything.
    pub fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Descriptor => "descriptor",
            Self::NewDescriptor => "descriptor that the call makes",
            Self::ClosedDescriptor => "descriptor that the call closes",
            Self::Path => "path",
            Self::Task => "process or thread",
            Self::Shares => "what a new task shares with its creator",
            Self::Target => "text of a symbolic link",
            Self::Payload => "data that the call moves",
            Self::Owner => "file's user or group",
            Self::Environment => "string of the environment",
        })
    }
}

impl Display {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Octal => "octal",
            Self::Hex => "hex",
            Self::Flags => "flags",
            Self::Names => "names",
            Self::Descriptor => "descriptor",
            Self::Path => "path",
            Self::Time => "time",
        }
    }
}
