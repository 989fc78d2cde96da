#include "common/sources/m365_usage/usage_products.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Mutations: a plan is looked for in what a product is sold without; a product's own name for a
// plan makes it a suite.
TEST(LicencesOf, TellsSuitesFromWhatAddsToThem) {
  for (const char* suite :
       {"MICROSOFT 365 E3", "Microsoft 365 E5 (no Teams)", "OFFICE 365 E1", "OFFICE 365 (PLAN E3)",
        "MICROSOFT 365 F1", "OFFICE 365 F3", "MICROSOFT 365 A5 FOR FACULTY",
        "OFFICE 365 A1 FOR STUDENTS", "MICROSOFT 365 G3 GCC", "OFFICE 365 G5",
        "MICROSOFT 365 BUSINESS BASIC", "MICROSOFT 365 BUSINESS STANDARD EEA (NO TEAMS)",
        "MICROSOFT 365 BUSINESS PREMIUM", "OFFICE 365 BUSINESS ESSENTIALS",
        "OFFICE 365 E5 WITHOUT AUDIO CONFERENCING", "MICROSOFT 365 E5 WITH CALLING MINUTES",
        "OFFICE", "E5"}) {
    EXPECT_TRUE(LicencesOf(suite).any) << suite;
    EXPECT_TRUE(LicencesOf(suite).suite) << suite;
    EXPECT_FALSE(LicencesOf(suite).additions_alone) << suite;
    const Licences both = LicencesOf(absl::StrCat("VISIO PLAN 2+", suite));
    EXPECT_TRUE(both.suite && !both.additions_alone) << suite;
  }
  for (const char* addition : {"VISIO PLAN 2",
                               "PROJECT PLAN 3",
                               "PLANNER AND PROJECT PLAN 5",
                               "POWER BI (FREE)",
                               "POWER BI PREMIUM PER USER",
                               "MICROSOFT FABRIC (FREE)",
                               "AI BUILDER CAPACITY",
                               "RIGHTS MANAGEMENT ADHOC",
                               "CUSTOMER LOCKBOX",
                               "MICROSOFT POWER AUTOMATE FREE",
                               "VIVA ENGAGE",
                               "YAMMER ENTERPRISE",
                               "MICROSOFT TEAMS ROOMS PRO",
                               "MICROSOFT TEAMS PHONE STANDARD",
                               "MICROSOFT TEAMS SHARED DEVICES",
                               "MICROSOFT 365 AUDIO CONFERENCING",
                               "MICROSOFT DEFENDER FOR OFFICE 365 (PLAN 1)",
                               "MICROSOFT 365 E5 SECURITY",
                               "MICROSOFT 365 F5 SECURITY + COMPLIANCE ADD-ON",
                               "ENTERPRISE MOBILITY + SECURITY E3",
                               "WINDOWS 10/11 ENTERPRISE E3",
                               "DYNAMICS 365 BUSINESS CENTRAL ESSENTIALS",
                               "MICROSOFT 365 COPILOT",
                               "VISIO PLAN 2+POWER BI PRO"}) {
    EXPECT_FALSE(LicencesOf(addition).suite) << addition;
    EXPECT_TRUE(LicencesOf(addition).additions_alone) << addition;
  }
  for (const char* other :
       {"EXCHANGE ONLINE (PLAN 1)", "MICROSOFT TEAMS ENTERPRISE", "MICROSOFT 365 APPS FOR BUSINESS",
        "SOMETHING NEW", "SOMETHING NEW+VISIO PLAN 2"}) {
    EXPECT_TRUE(LicencesOf(other).any) << other;
    EXPECT_FALSE(LicencesOf(other).suite) << other;
    EXPECT_FALSE(LicencesOf(other).additions_alone) << other;
  }
  for (const char* none : {"", " ", "+", " + -"}) {
    EXPECT_FALSE(LicencesOf(none).any || LicencesOf(none).additions_alone) << none;
  }
}

TEST(LicencesOf, KnowsTheAssistantByItsNames) {
  for (const char* assistant :
       {"COPILOT", "MICROSOFT 365 COPILOT", "Copilot for Microsoft 365", "E5+MICROSOFT COPILOT"}) {
    EXPECT_TRUE(LicencesOf(assistant).assistant) << assistant;
  }
  for (const char* other : {"COPILOT STUDIO", "SECURITY COPILOT", "GITHUB COPILOT", "E5"}) {
    EXPECT_FALSE(LicencesOf(other).assistant) << other;
  }
}

}  // namespace
}  // namespace tutti
