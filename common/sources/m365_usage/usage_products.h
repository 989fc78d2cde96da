#ifndef TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_PRODUCTS_H_
#define TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_PRODUCTS_H_

#include "absl/strings/string_view.h"

namespace tutti {

// What the products that a report names beside somebody licence.
struct Licences {
  bool any = false;              // a product is named at all
  bool suite = false;            // one that an organisation gives its people to work with
  bool additions_alone = false;  // nothing but products that add to such a licence
  bool assistant = false;
};

// `products` as "Assigned Products" has them: "MICROSOFT 365 E3+VISIO PLAN 2". A suite is
// Microsoft 365 or Office 365 in a plan (E, F, A, G and K with a number) or an edition for business
// (Basic, Standard, Premium, Essentials). Additions are Copilots, Visio, Project, Power BI, Viva
// Engage and Yammer, telephones and meeting rooms, security and the like. What is neither, as
// Exchange Online or a product that is not known, is a licence that says nothing of the others'.
Licences LicencesOf(absl::string_view products);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_USAGE_USAGE_PRODUCTS_H_
