#include "services/cli/report/plain_message.h"

#include <string>
#include <vector>

#include "common/text/plain_text.h"
#include "google/protobuf/descriptor.h"

namespace tutti {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void MakeFieldPlain(const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const bool text = field.type() == FieldDescriptor::TYPE_STRING;
  const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!field.is_repeated()) {
    if (text) {
      reflection.SetString(&message, &field, PlainText(reflection.GetString(message, &field)));
    } else if (nested && reflection.HasField(message, &field)) {
      MakePlain(*reflection.MutableMessage(&message, &field));
    }
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (text) {
      reflection.SetRepeatedString(&message, &field, i,
                                   PlainText(reflection.GetRepeatedString(message, &field, i)));
    } else if (nested) {
      MakePlain(*reflection.MutableRepeatedMessage(&message, &field, i));
    }
  }
}

void MakeRowPlain(FigureRow& row) {
  for (std::string* text : {&row.figure, &row.id, &row.name, &row.start_day, &row.end_day,
                            &row.holding_since, &row.reason, &row.alone_reason, &row.alone_brief,
                            &row.text, &row.numerator, &row.denominator, &row.raised_by}) {
    *text = PlainText(*text);
  }
  for (std::vector<Quantity>* quantities : {&row.quantities, &row.alone}) {
    for (Quantity& quantity : *quantities) quantity.words = PlainText(quantity.words);
  }
  for (std::optional<score::v1::Change>* change : {&row.change, &row.change_in_percent}) {
    if (change->has_value()) MakePlain(**change);
  }
}

}  // namespace

void MakePlain(Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) MakeFieldPlain(*field, message);
}

Figures PlainFigures(Figures figures) {
  figures.organization = PlainText(figures.organization);
  figures.title = PlainText(figures.title);
  for (std::string& line : figures.lead) line = PlainText(line);
  for (FigureSection& section : figures.sections) {
    section.heading = PlainText(section.heading);
    section.name_title = PlainText(section.name_title);
    for (FigureRow& row : section.rows) MakeRowPlain(row);
  }
  for (std::string& note : figures.notes) note = PlainText(note);
  return figures;
}

}  // namespace tutti
