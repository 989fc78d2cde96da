#include "services/cli/report/html_sections.h"

namespace tutti {

const char kPageStyle[] = R"css(
:root{color-scheme:light dark;--paper:#f4f6f8;--card:#fff;--ink:#1a1d21;--soft:#4a545f;--line:#c9d1d9;
--accent:#0a6480;--value:#2f8fae;--track:#dde4ea;--band:#2f8fae;--note:#fff3cd;--note-ink:#5c4300;--jump:#b45309}
@media (prefers-color-scheme:dark){:root{--paper:#12161b;--card:#1b2128;--ink:#eef1f4;--soft:#b3bcc6;
--line:#3a444f;--accent:#74cdec;--value:#3a9cbe;--track:#303a45;--band:#3a9cbe;--note:#3a2f0b;--note-ink:#ffe08a;--jump:#ffb454}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:clamp(1.6rem,5vw,2.4rem);line-height:1.15;margin:.1rem 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.4rem;line-height:1.2;margin:0 0 .75rem}
h3{font-size:1.05rem;line-height:1.3;margin:0 0 .25rem}
h4{font-size:1rem;line-height:1.3;margin:0 0 .15rem}
p{margin:0 0 .5rem}
data{unicode-bidi:isolate;direction:ltr;overflow-wrap:normal}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
main:focus{outline:none}
.skip{position:absolute;left:-999rem;top:0;background:var(--card);padding:.5rem 1rem}
.skip:focus{left:0}
.kicker{font-weight:600;color:var(--accent);margin:0}
.soft,.fine,.change,.hint{color:var(--soft)}
.fine,.hint{font-size:.875rem}
.beyond{color:var(--ink);font-weight:600}
.generated{background:var(--note);color:var(--note-ink);padding:.6rem .9rem;border-radius:.5rem;font-weight:600}
nav ul{list-style:none;margin:1rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.35rem 1.1rem}
section{margin:2rem 0}
.card,.panel{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem}
.panel{padding:1.25rem}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));margin:0;padding:0;list-style:none}
.columns{columns:26rem 2;column-gap:1rem;list-style:none;margin:.5rem 0 0;padding:0}
.columns>li{break-inside:avoid;margin-bottom:1rem}
.grid>*{min-width:0}
.big{font-size:clamp(2.2rem,9vw,3.6rem);font-weight:700;line-height:1.1;margin:0;font-variant-numeric:tabular-nums}
.figure{font-size:1.3rem;font-weight:650;margin:.15rem 0 .35rem;font-variant-numeric:tabular-nums}
.value{font-weight:600;font-variant-numeric:tabular-nums;margin:0}
.state{color:var(--soft)}
.lead{font-size:1.125rem}
.distance{font-weight:600}
time{white-space:nowrap}
.facts{display:grid;gap:.15rem 1.5rem;margin:.2rem 0 .6rem}
.panel>.facts{grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));margin-bottom:.9rem}
.facts>div{display:flex;flex-wrap:wrap;gap:0 .5rem;justify-content:space-between;border-top:1px solid var(--line);padding:.25rem 0}
.facts dt{font-weight:400;color:var(--soft);font-size:.875rem}
.facts dd{margin:0;min-width:0;overflow-wrap:anywhere;font-size:.875rem;font-variant-numeric:tabular-nums}
.facts p{margin:0}
.mark{color:var(--jump)}.facts .mark dt{color:var(--jump);font-weight:600}
.pair{display:flex;gap:.75rem;justify-content:space-between;align-items:baseline}
.pair .value{white-space:nowrap}
.measures{list-style:none;padding:0;margin:0;display:grid;gap:1.1rem 2rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))}
.measures>li,.pair h4{min-width:0;overflow-wrap:anywhere}
.measures p{font-size:.9375rem;margin:0 0 .25rem}
.measures .fine{font-size:.8125rem}
.panel .measures .bar{height:.6rem;margin:.3rem 0 .4rem}
.panel>h3{margin-bottom:.6rem}
.unit{font-weight:400;font-size:.875rem;color:var(--soft);white-space:nowrap}
#measures~.panel{margin-top:1rem}
.absent>div+div{border-top:1px solid var(--line);margin-top:.75rem;padding-top:.75rem}
.absent details{margin:0}
.absent ul{columns:22rem;column-gap:2rem;list-style:none;padding:0;margin:.25rem 0 0}
.absent p{margin-bottom:.25rem}
.absent li{break-inside:avoid;margin-bottom:.15rem;font-size:.9375rem}
.absent .kind{font-weight:600;font-size:.875rem;margin-top:.5rem}
.kept>div{margin-bottom:.4rem}.kept dt{font-size:.9375rem}.kept dd{margin:0;font-size:.875rem;color:var(--soft)}
svg{display:block;width:100%;overflow:visible}
.bar{height:.9rem;margin:.2rem 0 .55rem}
.panel .bar{height:1.4rem;margin:.7rem 0 1rem}
tbody .bar{height:.6rem;margin:.25rem 0 .1rem}
svg path{fill:none;vector-effect:non-scaling-stroke;stroke:var(--ink);stroke-width:1.5}
svg .track{fill:var(--track)}
svg .value{fill:var(--value)}
svg .open{stroke-dasharray:3 3}
svg .grid{stroke:var(--line);stroke-width:1}
svg .band{fill:var(--band);fill-opacity:.28;stroke:none}
svg .line{stroke:var(--accent);stroke-width:2.5;stroke-linejoin:round}
svg .lone-band{stroke:var(--band);stroke-opacity:.4;stroke-width:10}
svg .dots,svg .ring,svg .hole,svg .line{stroke-linecap:round}
svg .dots{stroke:var(--soft);stroke-width:5}
svg .ring{stroke:var(--jump);stroke-width:14}
svg .hole{stroke:var(--card);stroke-width:10}
svg .jump{stroke:var(--jump);stroke-dasharray:5 4}
.trend .whisker,.swatch .whisker{stroke:var(--soft);stroke-width:1}
.card .dots{stroke-width:4}.card .ring{stroke-width:12}.card .hole{stroke-width:8}
.card .dense .dots{stroke-width:2}.card .dense .whisker{stroke-width:.5}
.legend{list-style:none;padding:0;margin:1rem 0 .5rem;display:grid;gap:.5rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));font-size:.875rem}
.legend li{display:flex;gap:.7rem;align-items:flex-start}
.swatch{flex:0 0 2.6rem;width:2.6rem;height:1.5rem}
.plot{display:grid;grid-template-columns:auto 1fr;grid-template-rows:auto auto;gap:.3rem .5rem;margin:.6rem 0 .2rem}
.y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:1;margin:-.4rem 0}
.x{grid-column:2;display:flex;justify-content:space-between}.x time:only-child{margin:auto}
.x,.y{font-size:.8125rem;color:var(--soft);font-variant-numeric:tabular-nums}
.trend{height:7.5rem}
.panel .trend{height:15rem}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding:0 0 .35rem}
th,td{text-align:left;font-size:.9375rem;vertical-align:top;padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line)}
.columns caption{color:var(--ink);font-size:1rem;font-weight:700}
thead th{border-top:0;font-size:.875rem}
tbody th{font-weight:400;overflow-wrap:anywhere}
tbody th[scope=rowgroup]{font-weight:600;font-size:.875rem;color:var(--soft);padding-top:.7rem}
td.n,th.n{text-align:right}
td:last-child,th:last-child{padding-right:0}
details>#trend-table{margin-top:1rem}
#trend-table th,#trend-table td{font-size:.8125rem;padding-right:.35rem}#trend-table td:last-child,#trend-table th:last-child{padding-right:0}
#trend-table td b{display:block;font-size:.8125rem}
@media screen and (max-width:74rem){#trend-table,#trend-table tbody,#trend-table caption{display:block}
#trend-table thead{display:none}
#trend-table tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:0 1.5rem;padding:.4rem 0;border-top:1px solid var(--line)}
#trend-table tbody th{grid-column:1/-1;font-weight:600}
#trend-table td,#trend-table th{border:0;padding:.1rem 0}
#trend-table td{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
#trend-table td::before{content:attr(data-title);color:var(--soft)}
#trend-table td b{flex-basis:100%}}
details{margin:.75rem 0 0}
summary{cursor:pointer;color:var(--accent);font-weight:600;padding:.25rem 0}
details>.grid,details>table,details>.scroll{margin-top:.5rem}
ul,ol{padding-left:1.2rem;margin:.25rem 0 .75rem}
dl{margin:0}
dt{font-weight:600}
dd{margin:0 0 .4rem}
.group{margin-top:1.25rem}
footer{padding-bottom:3rem;color:var(--soft);font-size:.875rem;border-top:1px solid var(--line);padding-top:1rem;overflow-wrap:anywhere}
@media (max-width:30rem){th,td{padding-right:.5rem}.panel{padding:1rem}.panel .trend{height:11rem}}
@media print{@page{margin:10mm}
:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#bbb;--accent:#0a4a60;--value:#7fb7ca;--track:#e6e6e6;--band:#7fb7ca;--note:#fff;--note-ink:#000;--jump:#8a3c00}
html{font-size:10.5px}body{line-height:1.35}header,main,footer{max-width:none;padding-left:0;padding-right:0}
header{padding-top:0}section{margin:1rem 0}.group{margin-top:.8rem}
nav,.skip,summary{display:none}
#statement~.panel summary,#measures~.panel summary{display:block;list-style:none;color:inherit;break-after:avoid}
details{margin-top:.4rem}
details::details-content{content-visibility:visible;display:block;height:auto}
.card,.panel{border-radius:.3rem;padding:.6rem}
.absent,#measures~.panel,#statement~.panel{border:0;padding:0}
.grid{grid-template-columns:repeat(3,1fr);gap:.6rem}
.panel .trend{height:9rem}.trend{height:5.5rem}
.measures{display:block;columns:3;column-gap:1.6rem}.measures>li{break-inside:avoid;margin-bottom:.5rem}.absent li{margin-bottom:.35rem}.absent p{break-after:avoid}
.columns{columns:3;column-gap:.8rem}.columns>li{margin-bottom:.6rem;break-inside:auto}.columns .bar{display:none}
.absent ul{columns:3;column-gap:1.6rem}
#statement~.panel ul,.kept{columns:2;column-gap:1.6rem}
#statement~.panel li,.kept>div{break-inside:avoid}
th,td{padding-top:.2rem;padding-bottom:.2rem}
.grid>.card,.pair,tr,figure,.legend{break-inside:avoid}h2,h3,h4,h2+p{break-after:avoid}
.scroll{overflow:visible}.scroll th,.scroll td,#trend-table th,#trend-table td{font-size:.75rem;padding:.1rem .3rem .1rem 0}
.generated{border:1px solid #000}
svg,svg *{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

}  // namespace tutti
