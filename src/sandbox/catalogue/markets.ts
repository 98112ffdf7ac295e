/** The countries where Spotify is available, in its own order (Spotify reference, Get Available Markets). */
export const ALL_MARKETS: readonly string[] = (
  'AR AU AT BE BO BR BG CA CL CO CR CY CZ DK DO DE EC EE SV FI FR GR GT HN HK HU IS IE IT LV LT LU MY MT MX NL ' +
  'NZ NI NO PA PY PE PH PL PT SG SK ES SE CH TW TR UY US GB AD LI MC ID JP TH VN RO IL ZA SA AE BH QA OM KW EG ' +
  'MA DZ TN LB JO PS IN KZ MD UA AL BA HR ME MK RS SI KR BD PK LK GH KE NG TZ UG AG AM BS BB BZ BT BW BF CV CW ' +
  'DM FJ GM GE GD GW GY HT JM KI LS LR MW MV ML MH FM NA NR NE PW PG WS SM ST SN SC SL SB KN LC VC SR TL TO TT ' +
  'TV VU AZ BN BI KH CM TD KM GQ SZ GA GN KG LA MO MR MN NP RW TG UZ ZW BJ MG MU MZ AO CI DJ ZM CD CG IQ LY TJ ' +
  'VE ET XK'
).split(' ')

const FEW_MARKETS: readonly string[] = ['CA', 'MX', 'US']

/** Returns the markets of a release: most have all, some a few, and removed ones none. */
export function marketsOf (reach: 'everywhere' | 'few' | 'nowhere'): readonly string[] {
  return reach === 'everywhere' ? ALL_MARKETS : reach === 'few' ? FEW_MARKETS : []
}
