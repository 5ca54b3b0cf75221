import { createRootRoute, createRoute, createRouter, lazyRouteComponent, type AnyRoute } from '@tanstack/react-router'
import { Shell } from './kit/shell'

const root = createRootRoute({ component: Shell })

type Loader = () => Promise<Record<string, unknown>>

/** A page of the application: its path, the file it lives in, and the component's name there. */
const page = (path: string, load: Loader, name: string): AnyRoute =>
  createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: (search: Record<string, unknown>) => search,
    component: lazyRouteComponent(load as never, name as never) as never,
  })

export const pages = [
  page('/', () => import('./pages/store/home'), 'Home'),
  page('/products', () => import('./pages/store/results'), 'Results'),
  page('/products/$product', () => import('./pages/store/product'), 'ProductPage'),
  page('/shops/$seller', () => import('./pages/store/shop'), 'Shop'),
  page('/cart', () => import('./pages/store/cart'), 'Cart'),
  page('/checkout', () => import('./pages/store/checkout'), 'Checkout'),
  page('/log-in', () => import('./pages/account/log-in'), 'LogIn'),
  page('/register', () => import('./pages/account/register'), 'Register'),
  page('/account', () => import('./pages/account/account'), 'Account'),
  page('/join/$secret', () => import('./pages/account/join'), 'Join'),
  page('/account/applications', () => import('./pages/account/applications'), 'Applications'),
  page('/account/organisation', () => import('./pages/account/organisation'), 'Organisation'),
  page('/account/open-api-calls', () => import('./pages/account/open-api-calls'), 'OpenApiCalls'),
  page('/account/open-api-calls/$id', () => import('./pages/account/open-api-calls'), 'OpenApiCallPage'),
  page('/inbox', () => import('./pages/account/inbox'), 'Inbox'),
  page('/buyer', () => import('./pages/buyer/overview'), 'BuyerOverview'),
  page('/buyer/orders', () => import('./pages/buyer/orders'), 'BuyerOrders'),
  page('/buyer/orders/$number', () => import('./pages/buyer/order'), 'OrderPage'),
  page('/buyer/opening', () => import('./pages/buyer/opening'), 'Opening'),
  page('/buyer/instances', () => import('./pages/buyer/instances'), 'BuyerInstances'),
  page('/buyer/instances/$id', () => import('./pages/buyer/instance'), 'InstancePage'),
  page('/buyer/wallet', () => import('./pages/buyer/wallet'), 'Wallet'),
  page('/seller', () => import('./pages/seller/overview'), 'SellerOverview'),
  page('/seller/profile', () => import('./pages/seller/profile'), 'SellerProfile'),
  page('/seller/products', () => import('./pages/seller/products'), 'SellerProducts'),
  page('/seller/products/$id', () => import('./pages/seller/editor'), 'ProductEditor'),
  page('/seller/assets', () => import('./pages/seller/assets'), 'Assets'),
  page('/seller/assets/$id', () => import('./pages/seller/asset'), 'AssetPage'),
  page('/previews/$id', () => import('./pages/store/preview'), 'Preview'),
  page('/seller/orders', () => import('./pages/buyer/orders'), 'SellerOrders'),
  page('/seller/orders/$number', () => import('./pages/buyer/order'), 'OrderPage'),
  page('/seller/bills', () => import('./pages/seller/bills'), 'Bills'),
  page('/seller/bills/$id', () => import('./pages/seller/bills'), 'BillPage'),
  page('/seller/addresses', () => import('./pages/seller/addresses'), 'Addresses'),
  page('/seller/debugger', () => import('./pages/seller/debugger'), 'Debugger'),
  page('/seller/sandbox', () => import('./pages/seller/sandbox'), 'SandboxPage'),
  page('/seller/sign-on', () => import('./pages/seller/sign-on'), 'SignOnApplications'),
  page('/seller/calls', () => import('./pages/seller/calls'), 'Calls'),
  page('/seller/calls/$id', () => import('./pages/seller/call'), 'CallPage'),
  page('/seller/open-api-calls', () => import('./pages/account/open-api-calls'), 'OpenApiCalls'),
  page('/seller/open-api-calls/$id', () => import('./pages/account/open-api-calls'), 'OpenApiCallPage'),
  page('/seller/usage', () => import('./pages/seller/usage'), 'UsageRecords'),
  page('/seller/health', () => import('./pages/seller/health'), 'InterfaceHealth'),
  page('/seller/licences', () => import('./pages/seller/licences'), 'Licences'),
  page('/seller/licences/$code', () => import('./pages/seller/licences'), 'LicencePage'),
  page('/operator', () => import('./pages/operator/desk'), 'Desk'),
  page('/operator/reviews', () => import('./pages/operator/reviews'), 'Reviews'),
  page('/operator/reviews/$id', () => import('./pages/operator/review'), 'ReviewPage'),
  page('/operator/sellers', () => import('./pages/operator/sellers'), 'Sellers'),
  page('/operator/storefront', () => import('./pages/operator/storefront'), 'Floors'),
  page('/operator/transfers', () => import('./pages/operator/transfers'), 'Transfers'),
  page('/operator/orders', () => import('./pages/buyer/orders'), 'OperatorOrders'),
  page('/operator/orders/$number', () => import('./pages/buyer/order'), 'OrderPage'),
  page('/operator/instances', () => import('./pages/operator/instances'), 'OperatorInstances'),
  page('/operator/calls', () => import('./pages/seller/calls'), 'Calls'),
  page('/operator/calls/$id', () => import('./pages/seller/call'), 'CallPage'),
  page('/operator/usage', () => import('./pages/seller/usage'), 'UsageRecords'),
  page('/operator/health', () => import('./pages/seller/health'), 'InterfaceHealth'),
  page('/operator/licences', () => import('./pages/seller/licences'), 'Licences'),
  page('/operator/licences/$code', () => import('./pages/seller/licences'), 'LicencePage'),
  page('/operator/verify', () => import('./pages/operator/verify'), 'Verify'),
]

export const router = createRouter({ routeTree: root.addChildren(pages), scrollRestoration: true })
