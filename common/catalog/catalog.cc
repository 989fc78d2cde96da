#include "common/catalog/catalog.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/catalog/containment.h"
#include "common/catalog/entry.h"
#include "common/catalog/fingerprint.h"
#include "common/catalog/validation.h"
#include "common/files/read_file.h"
#include "common/status/status_macros.h"
#include "google/protobuf/io/tokenizer.h"

namespace tutti {
namespace {

using google::protobuf::TextFormat;

constexpr FileKind kCatalogFile{
    .noun = "the catalogue", .max_bytes = size_t{1} << 20, .takes_pipes = true};

// Takes the parser's errors in, which counts lines and columns from 0.
class SyntaxErrors : public google::protobuf::io::ErrorCollector {
 public:
  explicit SyntaxErrors(CatalogErrors& errors) : errors_(errors) {}

  void AddError(int line, int column, const std::string& message) override {
    errors_.AddAtLine(line + 1, absl::StrCat("column ", column + 1, ": ", message));
  }
  void AddWarning(int line, int column, const std::string& message) override {
    AddError(line, column, message);
  }

 private:
  CatalogErrors& errors_;
};

// Whether a peer can parse it. Strings must be UTF-8, which only the parser of the
// wire format checks.
bool IsSendable(const catalog::v1::Catalog& proto) {
  catalog::v1::Catalog copy;
  return copy.ParseFromString(proto.SerializeAsString());
}

}  // namespace

int CatalogTable::FindFeature(absl::string_view id) const {
  for (int i = 0; i < proto->features_size(); ++i) {
    if (proto->features(i).id() == id) return i;
  }
  return -1;
}

absl::StatusOr<std::unique_ptr<const Catalog>> Catalog::Load(const std::string& path) {
  ASSIGN_OR_RETURN(const FileText file, ReadFile(path, kCatalogFile));

  CatalogErrors errors(path);
  SyntaxErrors syntax_errors(errors);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&syntax_errors);
  parser.WriteLocationsTo(&tree);
  catalog::v1::Catalog proto;
  const bool parsed = parser.ParseFromString(file.text, &proto);
  if (!errors.empty()) return absl::InvalidArgumentError(errors.Text());
  if (!parsed)
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a text-format catalogue"));
  return Compile(std::move(proto), path, &tree);
}

absl::StatusOr<std::unique_ptr<const Catalog>> Catalog::Build(catalog::v1::Catalog proto,
                                                              const std::string& origin) {
  return Compile(std::move(proto), origin, nullptr);
}

Catalog::Catalog(catalog::v1::Catalog proto)
    : proto_(std::move(proto)),
      index_(proto_),
      fingerprint_(CatalogFingerprint(proto_)),
      counting_fingerprint_(CountingFingerprint(proto_)) {}

absl::StatusOr<std::unique_ptr<const Catalog>> Catalog::Compile(
    catalog::v1::Catalog proto, const std::string& origin, const TextFormat::ParseInfoTree* tree) {
  // The constructor is private to this class, which std::make_unique is not.
  std::unique_ptr<Catalog> catalog(new Catalog(std::move(proto)));
  CatalogErrors errors(origin);
  const CatalogEntry root = CatalogEntry::Root(tree);
  const CatalogCheck check{catalog->proto_, catalog->index_, root, errors};
  if (!IsSendable(catalog->proto_)) {
    errors.Add(root, "a text in it is not UTF-8: save it as UTF-8");
  }
  ValidateCollection(check);
  ValidatePresentation(check);
  if (!errors.empty()) return absl::InvalidArgumentError(errors.Text());

  absl::StatusOr<ShapeLookup> shapes = ShapeLookup::Create(catalog->proto_, catalog->index_);
  if (!shapes.ok()) {
    errors.Add(root, absl::string_view(shapes.status().message()));
    return absl::InvalidArgumentError(errors.Text());
  }
  ValidateContainment(check, shapes->shapes());
  if (!errors.empty()) return absl::InvalidArgumentError(errors.Text());

  catalog->shapes_ = std::make_unique<const ShapeLookup>(*std::move(shapes));
  catalog->CompileTables();
  return std::unique_ptr<const Catalog>(std::move(catalog));
}

void Catalog::CompileTables() {
  const auto are_people = [](const catalog::v1::SubjectKind& kind) { return kind.are_people(); };
  const bool told = std::any_of(proto_.kinds().begin(), proto_.kinds().end(), are_people);
  for (const catalog::v1::SubjectKind& kind : proto_.kinds()) {
    CatalogKind compiled;
    compiled.proto = &kind;
    compiled.fingerprint = CountingFingerprint(proto_, kind.id());
    compiled.are_people = told ? kind.are_people() : kind.id() == "person";
    kinds_.push_back(std::move(compiled));
  }
  for (const catalog::v1::Table& table : proto_.tables()) {
    CatalogTable compiled;
    compiled.proto = &table;
    compiled.kind = FindKind(table.kind());
    compiled.salt = TableSalt(table);
    CatalogKind& kind = kinds_[static_cast<size_t>(compiled.kind)];
    uint32_t& columns = compiled.is_habit() ? kind.day_columns : kind.reach_columns;
    for (const catalog::v1::Feature& feature : table.features()) {
      compiled.columns.push_back(feature.column());
      columns = std::max(columns, feature.column() + 1);
    }
    tables_.push_back(std::move(compiled));
  }
  for (const catalog::v1::TableRole role :
       {catalog::v1::TABLE_ROLE_PRIMARY, catalog::v1::TABLE_ROLE_SUPPORTING,
        catalog::v1::TABLE_ROLE_HABIT}) {
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].proto->role() != role) continue;
      CatalogKind& kind = kinds_[static_cast<size_t>(tables_[i].kind)];
      (tables_[i].is_habit() ? kind.habit_tables : kind.reach_tables)
          .push_back(static_cast<int>(i));
    }
  }
}

int Catalog::FindKind(absl::string_view id) const { return CatalogIndex::Find(index_.kinds, id); }

int Catalog::FindTable(absl::string_view id) const { return CatalogIndex::Find(index_.tables, id); }

const catalog::v1::Measure* Catalog::FindMeasure(absl::string_view id) const {
  const int found = CatalogIndex::Find(index_.measures, id);
  return found < 0 ? nullptr : &proto_.measures(found);
}

const catalog::v1::Category* Catalog::FindCategory(absl::string_view id) const {
  const int found = CatalogIndex::Find(index_.categories, id);
  return found < 0 ? nullptr : &proto_.categories(found);
}

}  // namespace tutti
