#include "common/catalog/catalog.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/catalog/validate.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace tutti {
namespace {

using catalog::v1::Feature;
using catalog::v1::Rule;
using catalog::v1::Table;

constexpr size_t kMaxShapes = 65'536;

std::array<uint8_t, SHA256_DIGEST_LENGTH> Sha256(const std::string& bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string Fingerprint(const catalog::v1::Catalog& proto) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    proto.SerializeToCodedStream(&coded);
  }
  const auto digest = Sha256(bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), 16));
}

uint64_t Salt(const Table& table) {
  const auto digest = Sha256(absl::StrCat(table.kind(), "\n", table.id(), "\n", table.role()));
  uint64_t salt = 0;
  for (size_t i = 0; i < sizeof salt; ++i) salt |= uint64_t{digest[i]} << (8 * i);
  return salt;
}

// Collects what the text parser complains of.
class ErrorLines final : public google::protobuf::io::ErrorCollector {
 public:
  explicit ErrorLines(std::string origin) : origin_(std::move(origin)) {}
  void AddError(int line, int column, const std::string& message) override {
    lines_.push_back(absl::StrCat(origin_, ":", line + 1, ":", column + 1, ": ", message));
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const std::string origin_;
  std::vector<std::string> lines_;
};

template <typename Index>
int Find(const Index& index, absl::string_view id) {
  const auto found = index.find(id);
  return found == index.end() ? -1 : found->second;
}

template <typename Entries>
auto* FindById(const Entries& entries, absl::string_view id) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.id() == id; });
  return found == entries.end() ? nullptr : &*found;
}

void AddHit(std::vector<TableHit>& hits, int table, uint8_t features) {
  if (!hits.empty() && hits.back().table == table) {
    hits.back().features = static_cast<uint8_t>(hits.back().features | features);
  } else {
    hits.push_back({table, features});
  }
}

}  // namespace

int CatalogTable::FindFeature(absl::string_view id) const {
  for (int i = 0; i < proto->features_size(); ++i) {
    if (proto->features(i).id() == id) return i;
  }
  return -1;
}

// An insert-only hash table that is read without a lock: slots go from empty to
// full once.
class Catalog::ShapeTable {
 public:
  ~ShapeTable() {
    for (std::atomic<const Entry*>& slot : slots_) delete slot.load(std::memory_order_relaxed);
  }

  const ActivityShape* Find(const Signature& signature) const {
    for (size_t i = Start(signature);; i = (i + 1) % slots_.size()) {
      const Entry* entry = slots_[i].load(std::memory_order_acquire);
      if (entry == nullptr) return nullptr;
      if (entry->signature == signature) return &entry->shape;
    }
  }

  // Keeps the shape, unless the table is full: then gives nullptr.
  const ActivityShape* Insert(const Signature& signature, const ActivityShape& shape) {
    if (size_.fetch_add(1, std::memory_order_relaxed) >= kMaxShapes) {
      size_.fetch_sub(1, std::memory_order_relaxed);
      return nullptr;
    }
    auto entry = std::make_unique<Entry>(Entry{signature, shape});
    for (size_t i = Start(signature);; i = (i + 1) % slots_.size()) {
      const Entry* present = nullptr;
      if (slots_[i].compare_exchange_strong(present, entry.get(), std::memory_order_acq_rel)) {
        return &entry.release()->shape;
      }
      if (present->signature == signature) {
        size_.fetch_sub(1, std::memory_order_relaxed);
        return &present->shape;
      }
    }
  }

 private:
  struct Entry {
    Signature signature;
    ActivityShape shape;
  };

  size_t Start(const Signature& signature) const {
    return absl::Hash<Signature>()(signature) % slots_.size();
  }

  // Twice as many as are ever filled, so that every search ends.
  std::vector<std::atomic<const Entry*>> slots_ =
      std::vector<std::atomic<const Entry*>>(2 * kMaxShapes);
  std::atomic<size_t> size_{0};
};

Catalog::Catalog() : shapes_(std::make_unique<ShapeTable>()) {}
Catalog::~Catalog() = default;

absl::StatusOr<std::unique_ptr<const Catalog>> Catalog::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat("catalogue ", path, " cannot be read"));
  catalog::v1::Catalog proto;
  ErrorLines errors(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.ParseFromString(text.str(), &proto)) {
    return absl::InvalidArgumentError(absl::StrJoin(errors.lines(), "\n"));
  }
  return Build(std::move(proto), path);
}

absl::StatusOr<std::unique_ptr<const Catalog>> Catalog::Build(catalog::v1::Catalog proto,
                                                              const std::string& origin) {
  std::vector<std::string> errors = FindCatalogErrors(proto);
  if (!errors.empty()) {
    for (std::string& error : errors) error = absl::StrCat(origin, ": ", error);
    return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  }
  std::unique_ptr<Catalog> catalog(new Catalog());
  catalog->proto_ = std::move(proto);
  catalog->Compile();
  return catalog;
}

void Catalog::Compile() {
  fingerprint_ = Fingerprint(proto_);
  for (const auto& kind : proto_.kinds()) {
    kind_index_[kind.id()] = static_cast<int>(kinds_.size());
    kinds_.push_back({&kind, {}, {}, 0, 0});
  }
  for (const Table& table : proto_.tables()) {
    const int index = static_cast<int>(tables_.size());
    table_index_[table.id()] = index;
    CatalogTable& compiled = tables_.emplace_back();
    compiled.proto = &table;
    compiled.kind = kind_index_.at(table.kind());
    compiled.salt = Salt(table);
    CatalogKind& kind = kinds_[static_cast<size_t>(compiled.kind)];
    (compiled.is_habit() ? kind.habit_tables : kind.reach_tables).push_back(index);
    uint32_t& columns = compiled.is_habit() ? kind.day_columns : kind.reach_columns;
    for (const Feature& feature : table.features()) {
      compiled.columns.push_back(feature.column());
      columns = std::max(columns, feature.column() + 1);
    }
  }
  for (CatalogKind& kind : kinds_) {
    std::stable_sort(kind.reach_tables.begin(), kind.reach_tables.end(), [this](int a, int b) {
      return tables_[static_cast<size_t>(a)].proto->role() <
             tables_[static_cast<size_t>(b)].proto->role();
    });
  }
  for (const auto& type : proto_.activity_types()) {
    type_index_[type.id()] = static_cast<int>(type_kind_.size());
    type_kind_.push_back(kind_index_.at(type.kind()));
  }
  const auto number = [](const auto& terms, auto& index, int from) {
    for (const auto& term : terms) {
      index[term.id()] = from++;
    }
  };
  number(proto_.apps(), app_index_, 1);
  number(proto_.platforms(), platform_index_, 1);
  number(proto_.traits(), trait_index_, 0);
  CompileRules();
}

void Catalog::CompileRules() {
  type_traits_.assign(type_kind_.size(), 0);
  for (size_t table = 0; table < tables_.size(); ++table) {
    for (int f = 0; f < tables_[table].feature_count(); ++f) {
      for (const Rule& rule : tables_[table].proto->features(f).any_of()) {
        CompiledRule& compiled = rules_.emplace_back();
        compiled.table = static_cast<int>(table);
        compiled.feature = static_cast<uint8_t>(1U << f);
        compiled.any_type = rule.types().empty();
        for (const std::string& type : rule.types()) compiled.types.push_back(type_index_.at(type));
        for (const std::string& app : rule.apps()) {
          compiled.apps |= uint64_t{1} << app_index_.at(app);
        }
        for (const std::string& platform : rule.platforms()) {
          compiled.platforms |= 1U << platform_index_.at(platform);
        }
        for (const std::string& trait : rule.any_traits()) {
          compiled.any_traits |= uint64_t{1} << trait_index_.at(trait);
        }
        for (const std::string& trait : rule.all_traits()) {
          compiled.all_traits |= uint64_t{1} << trait_index_.at(trait);
        }
        for (size_t type = 0; type < type_kind_.size(); ++type) {
          const bool concerns = compiled.any_type
                                    ? type_kind_[type] == tables_[table].kind
                                    : std::count(compiled.types.begin(), compiled.types.end(),
                                                 static_cast<int>(type)) != 0;
          if (concerns) type_traits_[type] |= compiled.any_traits | compiled.all_traits;
        }
      }
    }
  }
}

int Catalog::FindKind(absl::string_view id) const { return Find(kind_index_, id); }
int Catalog::FindTable(absl::string_view id) const { return Find(table_index_, id); }

const catalog::v1::Measure* Catalog::FindMeasure(absl::string_view id) const {
  return FindById(proto_.measures(), id);
}

const catalog::v1::Category* Catalog::FindCategory(absl::string_view id) const {
  return FindById(proto_.categories(), id);
}

ActivityShape Catalog::MakeShape(const Signature& signature) const {
  ActivityShape shape;
  shape.kind = type_kind_[static_cast<size_t>(signature.type)];
  // Rules stand in the order of their tables.
  for (const CompiledRule& rule : rules_) {
    const CatalogTable& table = tables_[static_cast<size_t>(rule.table)];
    const bool type_fits = table.kind == shape.kind &&
                           (rule.any_type || std::find(rule.types.begin(), rule.types.end(),
                                                       signature.type) != rule.types.end());
    const bool app_fits = rule.apps == 0 || ((rule.apps >> signature.app) & 1U) != 0;
    const bool platform_fits =
        rule.platforms == 0 || ((rule.platforms >> signature.platform) & 1U) != 0;
    const bool traits_fit = (rule.any_traits == 0 || (rule.any_traits & signature.traits) != 0) &&
                            (rule.all_traits & ~signature.traits) == 0;
    if (type_fits && app_fits && platform_fits && traits_fit) {
      AddHit(table.is_habit() ? shape.day : shape.reach, rule.table, rule.feature);
    }
  }
  return shape;
}

const ActivityShape* Catalog::Classify(const ActivityTraits& activity,
                                       IgnoredTerms& ignored) const {
  Signature signature;
  signature.type = Find(type_index_, activity.type);
  if (signature.type < 0) return nullptr;
  if (!activity.app.empty()) {
    const int app = Find(app_index_, activity.app);
    ignored.apps += app < 0 ? 1 : 0;
    signature.app = std::max(app, 0);
  }
  if (!activity.platform.empty()) {
    const int platform = Find(platform_index_, activity.platform);
    ignored.platforms += platform < 0 ? 1 : 0;
    signature.platform = std::max(platform, 0);
  }
  for (const std::string* trait : activity.traits) {
    const int index = Find(trait_index_, *trait);
    if (index < 0) {
      ++ignored.traits;
    } else {
      signature.traits |= uint64_t{1} << index;
    }
  }
  signature.traits &= type_traits_[static_cast<size_t>(signature.type)];
  if (const ActivityShape* shape = shapes_->Find(signature)) return shape;
  const ActivityShape made = MakeShape(signature);
  if (const ActivityShape* shape = shapes_->Insert(signature, made)) return shape;
  thread_local ActivityShape unkept;
  unkept = made;
  return &unkept;
}

}  // namespace tutti
