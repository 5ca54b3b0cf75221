import { useQuery } from '@tanstack/react-query'
import { Alert, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { OnePicture } from '../../kit/pictures'
import { State } from '../../kit/show'

const fields = [
  'company_name',
  'website',
  'contact_name',
  'contact_mobile',
  'contact_mailbox',
  'address',
  'service_phone',
  'service_mailbox',
  'business_licence_number',
  'introduction',
] as const

function ProfileForm({ seller }: { seller: Schemas['SellerView'] }) {
  const { t } = useTranslation()
  const editable = ['none', 'draft', 'rejected'].includes(seller.state)
  return (
    <>
      {seller.reason && (
        <Alert
          type="error"
          showIcon
          title={t('profile.returned')}
          description={seller.reason}
          style={{ marginBottom: 16 }}
        />
      )}
      <Entry<Schemas['ProfileBody'], unknown>
        draft="profile"
        disabled={!editable}
        initial={seller.profile ?? {}}
        run={(body) => unwrap(api.PUT('/api/v1/seller/profile', { body }))}
        send={t('action.submit_review')}
        success={t('profile.submitted')}
        style={{ maxWidth: 640 }}
      >
        {fields.map((name) => (
          <Form.Item
            key={name}
            name={name}
            label={t(`profile.${name}`)}
            rules={[{ required: true, message: t('form.required') }]}
          >
            {name === 'introduction' ? <Input.TextArea rows={4} maxLength={2000} showCount /> : <Input />}
          </Form.Item>
        ))}
        <Form.Item name="brand_picture" label={t('profile.brand_picture')} extra={t('profile.brand_picture_hint')}>
          <OnePicture kind="brand" disabled={!editable} />
        </Form.Item>
      </Entry>
    </>
  )
}

/** The seller's profile, reviewed by the operator. */
export function SellerProfile() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['profile'], queryFn: () => unwrap(api.GET('/api/v1/seller/profile')) })
  return (
    <Page
      title={t('nav.seller_profile')}
      purpose={t('profile.purpose')}
      actions={query.data && <State of={query.data.state} />}
    >
      <div className="panel" style={{ padding: 24 }}>
        <Await query={query}>{(s) => <ProfileForm seller={s} />}</Await>
      </div>
    </Page>
  )
}
