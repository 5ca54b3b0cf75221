import {
  AppstoreOutlined,
  BulbOutlined,
  GlobalOutlined,
  MailOutlined,
  MenuOutlined,
  ShoppingCartOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Badge, Button, Drawer, Dropdown, Input, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../api/client'
import { addressOf, siteOf, sitesServed } from '../api/site'
import { useAction } from './action'
import { useAddress } from './address'
import { usePreferences } from './preferences'
import { useLogOut, useMe, type Me } from './session'

/** More are shown as 999+, as the badge does: unread messages are counted to 1,000. */
const MOST = 999

/** The name of a place with how much is in it. */
const counted = (name: string, count = 0) => (count > 0 ? `${name} ${count > MOST ? `${MOST}+` : count}` : name)

function InboxButton() {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['inbox-count'],
    queryFn: () => unwrap(api.GET('/api/v1/inbox', { params: { query: { limit: '1' } } })),
    refetchInterval: 30_000,
  })
  return (
    <Link to="/inbox" aria-label={counted(t('nav.inbox'), query.data?.unread)}>
      <Badge count={query.data?.unread ?? 0} size="small" overflowCount={MOST}>
        <Button type="text" icon={<MailOutlined />} aria-hidden tabIndex={-1} />
      </Badge>
    </Link>
  )
}

function CartButton() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['cart'], queryFn: () => unwrap(api.GET('/api/v1/cart')) })
  return (
    <Link to="/cart" aria-label={counted(t('nav.cart'), query.data?.lines.length)}>
      <Badge count={query.data?.lines.length ?? 0} size="small">
        <Button type="text" icon={<ShoppingCartOutlined />} aria-hidden tabIndex={-1} />
      </Badge>
    </Link>
  )
}

/** The categories of the storefront. */
function CategoryMenu() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const open = (category?: string) => void navigate({ to: '/products', search: { category } as never })
  const items = [
    { key: 'all', label: t('home.all'), onClick: () => open() },
    ...categories.map((c) => ({ key: c, label: t(`category.${c}`), onClick: () => open(c) })),
  ]
  return (
    <Dropdown trigger={['click']} menu={{ items }}>
      <Button type="text" icon={<AppstoreOutlined />} aria-label={t('store.categories')}>
        <span className="wide-only">{t('store.categories')}</span>
      </Button>
    </Dropdown>
  )
}

function AccountMenu({ me }: { me: Me }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const logOut = useLogOut()
  const item = (key: string, label: string, to: string) => ({ key, label, onClick: () => void navigate({ to }) })
  const roles = [
    ...(me.roles.includes('buyer') ? [item('buyer', t('role.buyer'), '/buyer')] : []),
    ...(me.roles.includes('seller') ? [item('seller', t('role.seller'), '/seller')] : []),
    ...(me.roles.includes('operator') ? [item('operator', t('role.operator'), '/operator')] : []),
  ]
  const items = [
    ...roles,
    { type: 'divider' as const },
    item('account', t('nav.account'), '/account'),
    item('applications', t('nav.applications'), '/account/applications'),
    ...(me.roles.includes('seller') || me.roles.includes('operator')
      ? []
      : [item('sell', t('nav.sell'), '/seller/profile')]),
    { key: 'out', label: t('action.log_out'), onClick: () => void logOut() },
  ]
  return (
    <Dropdown menu={{ items }} trigger={['click']}>
      <Button type="text" icon={<UserOutlined />} aria-label={`${t('nav.account_menu')}: ${me.user_name}`}>
        <span className="account-name">{me.user_name}</span>
      </Button>
    </Dropdown>
  )
}

/** An account of another site is told so, once, unless it does not want to hear it again. */
function SiteBanner({ me }: { me: Me }) {
  const { t } = useTranslation()
  const dismiss = useAction(() => unwrap(api.PATCH('/api/v1/me', { body: { dismiss: `site.${siteOf()}` } })))
  if (me.site === siteOf() || me.dismissed.includes(`site.${siteOf()}`)) return null
  const site = t(`site.${me.site}`)
  return (
    <div className="banner" role="status">
      <span>{t('site.banner', { site })}</span>
      <a href={addressOf(me.site)}>{t('site.visit', { site })}</a>
      <Button size="small" onClick={() => dismiss.mutate(undefined)}>
        {t('site.not_again')}
      </Button>
    </div>
  )
}

function TopBar({ section }: { section: string }) {
  const { t } = useTranslation()
  const me = useMe()
  const navigate = useNavigate()
  const { search } = useAddress()
  const { language, setLanguage, dark, setDark } = usePreferences()
  const [menu, setMenu] = useState(false)
  return (
    <>
      <header className="top">
        {section !== 'store' && (
          <Button
            className="menu-button"
            type="text"
            icon={<MenuOutlined />}
            aria-label={t('nav.menu')}
            onClick={() => setMenu(true)}
          />
        )}
        <Link to="/" className="mark">
          <i aria-hidden />
          {t('brand')}
        </Link>
        {section !== 'store' && <Tag>{t(`role.${section}`, { defaultValue: t('nav.account') })}</Tag>}
        {section === 'store' && <CategoryMenu />}
        <div className="top-search" role="search">
          <Input.Search
            key={search['q']}
            defaultValue={search['q']}
            placeholder={t('store.search_hint')}
            aria-label={t('store.search_hint')}
            allowClear
            onSearch={(q) => void navigate({ to: '/products', search: { q: q || undefined } as never })}
          />
        </div>
        <nav className="top-right" aria-label={t('nav.top')}>
          {sitesServed().length > 1 && (
            <Dropdown
              trigger={['click']}
              menu={{
                selectedKeys: [siteOf()],
                items: sitesServed().map((s) => ({
                  key: s.code,
                  label: t(`site.${s.code}`),
                  onClick: () => window.location.assign(addressOf(s.code)),
                })),
              }}
            >
              <Button type="text" icon={<GlobalOutlined />} aria-label={`${t('nav.site')}: ${t(`site.${siteOf()}`)}`}>
                <span className="wide-only">{t(`site.${siteOf()}`)}</span>
              </Button>
            </Dropdown>
          )}
          <Button
            type="text"
            onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
            lang={language === 'zh' ? 'en' : 'zh'}
          >
            {language === 'zh' ? 'EN' : '中文'}
          </Button>
          <Button
            type="text"
            icon={<BulbOutlined />}
            aria-label={t('nav.theme')}
            aria-pressed={dark}
            onClick={() => setDark(!dark)}
          />
          {me.data?.roles.includes('buyer') && <CartButton />}
          {me.data && <InboxButton />}
          {me.data ? (
            <AccountMenu me={me.data} />
          ) : (
            <Link to="/log-in">
              <Button type="primary" tabIndex={-1}>
                {t('action.log_in')}
              </Button>
            </Link>
          )}
        </nav>
      </header>
      {me.data && <SiteBanner me={me.data} />}
      <Drawer open={menu} onClose={() => setMenu(false)} placement="left" size={260} title={t('nav.menu')}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: it hears the links in it */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click too */}
        <div className="side" onClick={() => setMenu(false)}>
          <SideMenu section={section} />
        </div>
      </Drawer>
    </>
  )
}

/** The storefront's categories (`Category` of the API). */
export const categories = [
  'office',
  'storage',
  'security',
  'development',
  'data_ai',
  'industry',
  'operations',
  'communication',
]

const menus: Record<string, [string, [string, string][]][]> = {
  buyer: [
    [
      '',
      [
        ['/buyer', 'buyer_overview'],
        ['/buyer/orders', 'my_orders'],
        ['/buyer/instances', 'my_instances'],
        ['/buyer/supervision', 'supervision'],
        ['/buyer/wallet', 'wallet'],
      ],
    ],
  ],
  seller: [
    [
      '',
      [
        ['/seller', 'seller_overview'],
        ['/seller/profile', 'seller_profile'],
      ],
    ],
    [
      'catalogue',
      [
        ['/seller/products', 'my_products'],
        ['/seller/assets', 'assets'],
      ],
    ],
    [
      'trade',
      [
        ['/seller/orders', 'seller_orders'],
        ['/seller/supervision', 'supervision'],
        ['/seller/licences', 'licences'],
        ['/seller/usage', 'usage'],
        ['/seller/bills', 'bills'],
      ],
    ],
    [
      'access',
      [
        ['/seller/sandbox', 'sandbox'],
        ['/seller/debugger', 'debugger'],
        ['/seller/addresses', 'addresses'],
        ['/seller/sign-on', 'sign_on_apps'],
        ['/seller/calls', 'calls'],
        ['/seller/open-api-calls', 'open_api_calls'],
        ['/seller/health', 'health'],
      ],
    ],
  ],
  operator: [
    ['', [['/operator', 'desk']]],
    [
      'review',
      [
        ['/operator/reviews', 'reviews'],
        ['/operator/sellers', 'sellers'],
        ['/operator/storefront', 'floors'],
      ],
    ],
    [
      'trade',
      [
        ['/operator/orders', 'all_orders'],
        ['/operator/supervision', 'supervision'],
        ['/operator/templates', 'templates'],
        ['/operator/instances', 'all_instances'],
        ['/operator/licences', 'licences'],
        ['/operator/usage', 'usage'],
        ['/operator/usage-holds', 'usage_holds'],
        ['/operator/calls', 'calls'],
        ['/operator/health', 'health'],
      ],
    ],
    [
      'money',
      [
        ['/operator/transfers', 'transfers'],
        ['/operator/corrections', 'corrections'],
        ['/operator/verify', 'verify'],
      ],
    ],
  ],
  account: [
    [
      '',
      [
        ['/account', 'account'],
        ['/account/applications', 'applications'],
        ['/account/organisation', 'organisation'],
        ['/account/open-api-calls', 'open_api_calls'],
        ['/inbox', 'inbox'],
        ['/account/messages', 'message_centre'],
        ['/account/webhooks', 'webhooks'],
      ],
    ],
  ],
}

/** Only an administrator has to do with the account's people; a platform that is no sandbox has no such page. */
const forMe = (to: string, me?: Me | null) =>
  ['/account/organisation', '/account/messages', '/account/webhooks'].includes(to)
    ? me?.member_role === 'administrator'
    : to !== '/seller/sandbox' || me?.sandbox === true

function SideMenu({ section }: { section: string }) {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <nav aria-label={t('nav.side')}>
      {(menus[section] ?? []).map(([group, links]) => (
        <div key={group}>
          {group && <h3>{t(`menu.${group}`)}</h3>}
          {links
            .filter(([to]) => forMe(to, me.data))
            .map(([to, name]) => (
              <Link
                key={to}
                to={to}
                activeOptions={{ exact: to.split('/').length === 2 }}
                activeProps={{ className: 'active' }}
              >
                {t(`nav.${name}`)}
              </Link>
            ))}
        </div>
      ))}
    </nav>
  )
}

/** The one shell around every page. */
export function Shell() {
  const { t } = useTranslation()
  const path = useRouterState({ select: (s) => s.location.pathname })
  const first = path.split('/')[1] ?? ''
  const section = first === 'inbox' ? 'account' : first in menus ? first : 'store'
  const content = <Outlet />
  return (
    <>
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <TopBar section={section} />
      {section === 'store' ? (
        <main id="content" className="wrap">
          {content}
        </main>
      ) : (
        <div className="shell">
          <div className="side">
            <SideMenu section={section} />
          </div>
          <main id="content" className="main">
            {content}
          </main>
        </div>
      )}
    </>
  )
}
