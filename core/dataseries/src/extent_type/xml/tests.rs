use super::*;
use crate::extent_type::INDEX_TYPE;
use crate::extent_type::XML_TYPE;

fn with_root(attributes: &str) -> Result<ExtentType, TypeError> {
    ExtentType::parse(&format!(
        "<ExtentType {attributes}><field type='bool' name='b' /></ExtentType>"
    ))
}

fn with_fields(fields: &str) -> Result<ExtentType, TypeError> {
    ExtentType::parse(&format!("<ExtentType name='t'>{fields}</ExtentType>"))
}

#[test]
fn the_built_in_types_are_as_the_format_says() {
    assert_eq!(ExtentType::xml_type().name(), XML_TYPE);
    assert_eq!(ExtentType::xml_type().record_size(), 8);
    assert_eq!(ExtentType::index_type().name(), INDEX_TYPE);
    assert_eq!(ExtentType::index_type().record_size(), 16);
    assert_eq!(ExtentType::index_type().column("offset").unwrap().offset, 8);
    assert_eq!(
        ExtentType::index_type().text(),
        "<ExtentType name=\"DataSeries: ExtentIndex\">\n  \
         <field type=\"int64\" name=\"offset\" />\n  \
         <field type=\"variable32\" name=\"extenttype\" />\n</ExtentType>\n"
    );
}

#[test]
fn root_attributes_are_understood() {
    let ty = with_root(
        "name='a &amp; b' namespace='example.com' version='1.02' comment='' \
         pack_null_compact='non_bool' pack_pad_record='max_column_size' \
         pack_field_ordering='small_to_big_sep_var32'",
    )
    .unwrap();
    assert_eq!(ty.name(), "a & b");
    assert_eq!(ty.namespace(), "example.com");
    assert_eq!(ty.version(), Version { major: 1, minor: 2 });
    assert!(ty.null_compact());
    assert_eq!(ty.pad_record(), PadRecord::MaxColumnSize);
    assert_eq!(ty.record_size(), 1);
}

#[test]
fn accepted_texts() {
    for attributes in ["name='t' namespace=''", "name='t' version='0.0'", "name='t' other=''"] {
        assert!(with_root(attributes).is_ok(), "{attributes}");
    }
    for fields in [
        "",
        " \n\t ",
        "<field type='int32' name='a' note='' units='x'/>",
        "<field type='int32' name='a'><anything/>text</field>",
        "<field name='a' pack_relative='a' type='int64'/>",
        "<field type='int32' name='a'/><field type='int32' name='b' pack_relative='a'/>",
        "<field type='double' name='a' pack_scale='-1e-6' pack_scale_warn='no' pack_relative='a'/>",
        "<field type='double' name='a'/><field type='double' name='b' pack_relative='a'/>",
        "<field type='fixedwidth' size='1' name='a'/>",
        "<field type='variable32' name='a' pack_unique='no'/>",
        "<field type='int32' name='a' opt_nullable='no'/>",
        "<field xmlns:x='u' type='int32' name='a' x:opt_nullable='yes'/>",
    ] {
        assert!(with_fields(fields).is_ok(), "{fields}: {:?}", with_fields(fields));
    }
    let declared = "<?xml version='1.0'?><!-- before --><ExtentType name='t'></ExtentType>\n";
    let ty = ExtentType::parse(declared).unwrap();
    assert_eq!(ty.text(), declared);
    assert_eq!(ty.record_size(), 0);
}

#[test]
fn a_prefix_on_an_attribute_does_not_count() {
    let ty =
        with_fields("<field xmlns:x='u' type='int32' name='a' x:opt_nullable='yes'/>").unwrap();
    assert!(ty.columns()[0].nullable);
}

#[test]
fn refused_root_elements() {
    let long = format!("name='{}'", "n".repeat(256));
    for attributes in [
        "",
        "name=''",
        &long,
        "name='t' version=''",
        "name='t' version='1'",
        "name='t' version='1.2.3'",
        "name='t' version='+1.0'",
        "name='t' version='1.x'",
        "name='t' version='99999999999.0'",
        "name='t' pack_null_compact=''",
        "name='t' pack_null_compact='yes'",
        "name='t' pack_pad_record='none'",
        "name='t' pack_field_ordering='random'",
        "name='t' pack_other='1'",
        "name='t' opt_other='1'",
    ] {
        assert!(with_root(attributes).is_err(), "{attributes}");
    }
    assert!(ExtentType::parse("").is_err());
    assert!(ExtentType::parse("<ExtentType name='t'>").is_err());
    assert!(ExtentType::parse("<Other name='t'/>").is_err());
    assert!(ExtentType::parse("<!DOCTYPE x><ExtentType name='t'/>").is_err());
}

#[test]
fn refused_fields() {
    let long = format!("<field type='int32' name='{}'/>", "n".repeat(256));
    for fields in [
        "text",
        "<other/>",
        "<field name='a'/>",
        "<field type='int32'/>",
        "<field type='int32' name=''/>",
        "<field type='int32' name=' a'/>",
        &long,
        "<field type='int16' name='a'/>",
        "<field type='' name='a'/>",
        "<field type='int32' name='a'/><field type='bool' name='a'/>",
        "<field type='int32' name='a' size='4'/>",
        "<field type='fixedwidth' name='a'/>",
        "<field type='fixedwidth' name='a' size=''/>",
        "<field type='fixedwidth' name='a' size='0'/>",
        "<field type='fixedwidth' name='a' size='-1'/>",
        "<field type='fixedwidth' name='a' size='2147483648'/>",
        "<field type='int32' name='a' opt_nullable=''/>",
        "<field type='int32' name='a' opt_nullable='true'/>",
        "<field type='int32' name='a' opt_other='1'/>",
        "<field type='int32' name='a' pack_other='1'/>",
        "<field type='int32' name='a' pack_unique='yes'/>",
        "<field type='variable32' name='a' pack_unique='YES'/>",
        "<field type='double' name='a' opt_doublebase='x'/>",
        "<field type='double' name='a' opt_doublebase='inf'/>",
        "<field type='double' name='a' pack_scale='0'/>",
        "<field type='double' name='a' pack_scale='nan'/>",
        "<field type='int32' name='a' pack_scale='1'/>",
        "<field type='double' name='a' pack_scale_warn='no'/>",
        "<field type='double' name='a' pack_relative='a'/>",
        "<field type='bool' name='a' pack_relative='a'/>",
        "<field type='int32' name='a' pack_relative='b'/><field type='int32' name='b'/>",
        "<field type='int64' name='a'/><field type='int32' name='b' pack_relative='a'/>",
        "<field type='int32' name='a' pack_relative=''/>",
    ] {
        assert!(with_fields(fields).is_err(), "{fields}");
    }
}

#[test]
fn null_compaction_needs_a_bit() {
    let with = |field: &str| {
        ExtentType::parse(&format!(
            "<ExtentType name='t' pack_null_compact='non_bool'>{field}</ExtentType>"
        ))
    };
    assert!(with("<field type='int32' name='a'/>").is_err());
    assert!(with("<field type='int32' name='a' opt_nullable='yes'/>").is_ok());
    let wide = with("<field type='fixedwidth' size='2' name='a' opt_nullable='yes'/>").unwrap();
    assert!(wide.unpackable().is_some());
    let narrow = with("<field type='fixedwidth' size='1' name='a' opt_nullable='yes'/>").unwrap();
    assert!(narrow.unpackable().is_none());
}

#[test]
fn errors_name_type_field_and_attribute() {
    let error = with_fields("<field type='int32' name='a' pack_unique='yes'/>").unwrap_err();
    assert_eq!(
        error.to_string(),
        "extent type 't', field 'a': attribute 'pack_unique' does not fit the field's type"
    );
}

#[test]
fn hostile_texts_end_soon() {
    let nested =
        format!("<ExtentType name='t'><field type='bool' name='b'>{}", "<a>".repeat(300_000));
    assert!(ExtentType::parse(&nested).is_err());
    let closed = format!(
        "<ExtentType name='t'><field type='bool' name='b'>{}{}</field></ExtentType>",
        "<a>".repeat(140_000),
        "</a>".repeat(140_000)
    );
    let _ = ExtentType::parse(&closed);
    let crowded: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(with_root(&format!("name='t' {crowded}")).unwrap_err(), TypeError::TooLong);
    let fields: String = (0..20_000).map(|n| format!("<field type='bool' name='b{n}'/>")).collect();
    assert_eq!(with_fields(&fields).unwrap().columns().len(), 20_000);
    let entities = "<!DOCTYPE a [<!ENTITY x 'xxxx'>]><ExtentType name='&x;'/>";
    assert!(ExtentType::parse(entities).is_err());
    assert_eq!(ExtentType::parse(&" ".repeat(2 << 20)).unwrap_err(), TypeError::TooLong);
}
