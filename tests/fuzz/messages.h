#ifndef TUTTI_TESTS_FUZZ_MESSAGES_H_
#define TUTTI_TESTS_FUZZ_MESSAGES_H_

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace tutti {

// Else it says of every text what is wrong with it.
inline void SilenceProtobuf() {
  static const bool silent = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(silent);
}

// Changes one field somewhere in a message: another number, another text, one of a list
// removed, doubled or swapped with another. The rest stays, so most of what comes out is
// nearly well-formed.
inline void ChangeOneField(FuzzedDataProvider& draw, google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  if (fields.empty() || draw.ConsumeIntegralInRange(0, 9) == 0) {
    const auto* const type = message.GetDescriptor();
    if (type->field_count() == 0) return;
    fields = {type->field(draw.ConsumeIntegralInRange(0, type->field_count() - 1))};
  }
  const FieldDescriptor& field = *fields[draw.ConsumeIntegralInRange<size_t>(0, fields.size() - 1)];
  const bool list = field.is_repeated();
  const int size = list ? reflection.FieldSize(message, &field) : 0;
  if (list && size == 0) return;
  const int at = list ? draw.ConsumeIntegralInRange(0, size - 1) : 0;
  const int what = draw.ConsumeIntegralInRange(0, 5);
  if (what == 0) return reflection.ClearField(&message, &field);
  if (list && what == 1) {
    reflection.SwapElements(&message, &field, at, size - 1);
    return reflection.RemoveLast(&message, &field);
  }
  const int64_t number =
      draw.ConsumeBool()
          ? draw.ConsumeIntegralInRange<int64_t>(-3, 300)
          : draw.PickValueInArray<int64_t>({std::numeric_limits<int64_t>::min(),
                                            std::numeric_limits<int64_t>::max(), 1LL << 31,
                                            (1LL << 53) + 1, -(1LL << 40), 1'000'000'007});
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (list && what == 2) {
        auto* const copy = reflection.GetRepeatedMessage(message, &field, at).New();
        copy->CopyFrom(reflection.GetRepeatedMessage(message, &field, at));
        return reflection.AddAllocatedMessage(&message, &field, copy);
      }
      return ChangeOneField(draw, list ? *reflection.MutableRepeatedMessage(&message, &field, at)
                                       : *reflection.MutableMessage(&message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = draw.ConsumeRandomLengthString(30);
      return list ? reflection.SetRepeatedString(&message, &field, at, text)
                  : reflection.SetString(&message, &field, text);
    }
    case FieldDescriptor::CPPTYPE_INT64:
      return list ? reflection.SetRepeatedInt64(&message, &field, at, number)
                  : reflection.SetInt64(&message, &field, number);
    case FieldDescriptor::CPPTYPE_UINT64:
      return list
                 ? reflection.SetRepeatedUInt64(&message, &field, at, static_cast<uint64_t>(number))
                 : reflection.SetUInt64(&message, &field, static_cast<uint64_t>(number));
    case FieldDescriptor::CPPTYPE_INT32:
      return list ? reflection.SetRepeatedInt32(&message, &field, at, static_cast<int32_t>(number))
                  : reflection.SetInt32(&message, &field, static_cast<int32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT32:
      return list
                 ? reflection.SetRepeatedUInt32(&message, &field, at, static_cast<uint32_t>(number))
                 : reflection.SetUInt32(&message, &field, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double real = draw.PickValueInArray({0.0, -1.0, 0.5, 1e308, 1e-308,
                                                 std::numeric_limits<double>::infinity(),
                                                 std::numeric_limits<double>::quiet_NaN()});
      return list ? reflection.SetRepeatedDouble(&message, &field, at, real)
                  : reflection.SetDouble(&message, &field, real);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return list ? reflection.SetRepeatedBool(&message, &field, at, number % 2 != 0)
                  : reflection.SetBool(&message, &field, number % 2 != 0);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = static_cast<int>(number % 7);
      return list ? reflection.SetRepeatedEnumValue(&message, &field, at, value)
                  : reflection.SetEnumValue(&message, &field, value);
    }
    case FieldDescriptor::CPPTYPE_FLOAT:
      return;
  }
}

}  // namespace tutti

#endif  // TUTTI_TESTS_FUZZ_MESSAGES_H_
